// Says when everything that was sent before has been painted, as long as somebody can see it.

export default {
  render({ model, el }) {
    el.classList.add("snnlab-pacer");
    let waiting = null;
    let isVisible = true;
    const answer = () => {
      if (waiting === null || !isVisible) return;
      const k = waiting;
      waiting = null;
      requestAnimationFrame(() => setTimeout(() => {
        el.dataset.frame = k;
        model.send({ do: "painted", k });
      }, 0));
    };
    const receive = (message) => {
      waiting = message.k;
      answer();
    };
    const onScreen = new IntersectionObserver(([entry]) => {
      isVisible = entry.isIntersecting;
      answer();
    });
    onScreen.observe(el.parentElement ?? el);
    model.on("msg:custom", receive);
    model.send({ do: "ready" });
    return () => {
      onScreen.disconnect();
      model.off("msg:custom", receive);
    };
  },
};
