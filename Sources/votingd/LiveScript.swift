/// The script of the result page: shows each tally that the server sends, and says so when what is shown may be old.
///
/// The page is whole without it. It makes texts, never markup, out of what it receives.
enum LiveScript {
  static let text = """
    "use strict";
    // The server sends at least every 10 s; more silence than this is a connection that died unnoticed.
    const silenceLimit = 25000;
    // A pod that stops ends the stream, and another one takes over: nothing that a reader has to know.
    const patience = 3000;
    const speechInterval = 5000;
    const list = document.getElementById("choices");
    const total = document.getElementById("total");
    const state = document.getElementById("state");
    const spoken = document.getElementById("spoken");
    let source, silence, doubt, shownAt = new Date(), speech;

    const votes = count => count === 1 ? "1 vote" : count + " votes";
    const share = (count, all) => {
      const tenths = all ? Math.floor((count * 1000 + Math.floor(all / 2)) / all) : 0;
      return Math.floor(tenths / 10) + "." + tenths % 10 + " %";
    };

    function row(label) {
      const known = [...list.children].find(item => item.querySelector(".name").textContent === label);
      if (known) return known;
      const item = list.firstElementChild.cloneNode(true);
      item.querySelector(".name").textContent = label;
      return list.appendChild(item);
    }

    function show(tally) {
      for (const [label, count] of Object.entries(tally)) {
        if (label === "total") continue;
        const item = row(label);
        item.querySelector(".count").textContent = votes(count);
        item.querySelector(".share").textContent = share(count, tally.total);
        item.querySelector("progress").value = tally.total ? count / tally.total : 0;
      }
      total.textContent = votes(tally.total) + " in all";
      shownAt = new Date();
      speech ??= setTimeout(speak, speechInterval);
    }

    // For those who listen: not every count, but how it stands now and then.
    function speak() {
      speech = undefined;
      const parts = [...list.children].map(item =>
        item.querySelector(".name").textContent + " " + item.querySelector(".share").textContent);
      spoken.textContent = parts.join(", ") + ", " + total.textContent;
    }

    function say(name, text) {
      clearTimeout(doubt);
      doubt = undefined;
      state.dataset.state = name;
      if (state.textContent !== text) state.textContent = text;
    }

    function stale(why) {
      say("stale", why + " Shown is the result of " + shownAt.toLocaleTimeString() + ".");
    }

    function heard() {
      clearTimeout(silence);
      silence = setTimeout(() => { stale("The server is silent; connecting again."); open(); }, silenceLimit);
    }

    function open() {
      if (source) source.close();
      const mine = source = new EventSource(location.pathname);
      heard();
      mine.onmessage = event => {
        heard();
        show(JSON.parse(event.data));
        say("live", "Live");
      };
      mine.addEventListener("unavailable", () => {
        heard();
        stale("The votes cannot be counted now.");
      });
      mine.onerror = () => {
        // An answer that is no stream (503 while no pod is ready) ends the browser's own attempts.
        if (mine.readyState === EventSource.CLOSED) setTimeout(() => { if (mine === source) open(); }, 1000);
        doubt ??= setTimeout(() => stale("The connection is lost; trying again."), patience);
      };
    }

    addEventListener("offline", () => stale("This device is offline."));
    addEventListener("online", open);
    open();

    """
}
