def construction_bytes(plans, layout, n, network):
    return 0
