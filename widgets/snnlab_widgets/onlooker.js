// Says whether somebody sees the page that this lies under, and again from time to time.

const AGAIN_MS = 10000;  // less than half of what Python waits for

export default {
  render({ model, el }) {
    el.classList.add("snnlab-onlooker");
    const view = Math.random().toString(36).slice(2);
    let [isOnScreen, looked] = [false, false];
    const tell = () => {
      const looks = isOnScreen && !document.hidden;
      if (looks || looked) model.send({ do: "look", view, looks });
      looked = looks;
    };
    const onScreen = new IntersectionObserver((entries) => {
      isOnScreen = entries.at(-1).isIntersecting;
      tell();
    });
    onScreen.observe(el);
    document.addEventListener("visibilitychange", tell);
    const again = setInterval(() => looked && tell(), AGAIN_MS);
    return () => {
      clearInterval(again);
      document.removeEventListener("visibilitychange", tell);
      onScreen.disconnect();
    };
  },
};
