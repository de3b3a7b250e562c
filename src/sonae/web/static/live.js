// Parts that change while somebody looks: fetched again and put in place, only while the page is seen.
for (const part of document.querySelectorAll("[data-live]")) {
  let failed = 0;
  const again = () => setTimeout(ask, 1000 * part.dataset.every * Math.min(2 ** failed, 12));
  const ask = async () => {
    if (!document.hidden) {
      try {
        const said = await fetch(part.dataset.live, { headers: { accept: "text/html" } });
        if (!said.ok) throw new Error(said.statusText);
        part.innerHTML = await said.text();
        delete part.dataset.stale;
        failed = 0;
      } catch { part.dataset.stale = ""; failed += 1; }
    }
    again();
  };
  again();
}
