"""What a network is: frozen values without arrays and without a device."""
