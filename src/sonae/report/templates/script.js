addEventListener("beforeprint",()=>document.querySelectorAll("details:not([open])").forEach(d=>{d.open=true;d.dataset.shut=""}));
addEventListener("afterprint",()=>document.querySelectorAll("details[data-shut]").forEach(d=>{d.open=false;delete d.dataset.shut}));
