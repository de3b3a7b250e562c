// A menu that is open closes on Escape and when something else is pressed.
const menus = () => document.querySelectorAll("header.masthead details[open]");
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  for (const menu of menus()) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (e) => {
  for (const menu of menus()) if (!menu.contains(e.target)) menu.open = false;
});
addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("main details:not([open])")) { d.open = true; d.dataset.shut = ""; } });
addEventListener("afterprint", () => { for (const d of document.querySelectorAll("details[data-shut]")) { d.open = false; delete d.dataset.shut; } });
