// Ticks a fact once something is entered for it; the page works without this file.

for (const row of document.querySelectorAll(".stylesim-fact")) {
  const tick = row.querySelector("input[type=checkbox]");
  for (const name of ["input", "change"]) {
    row.addEventListener(name, (event) => {
      if (event.target !== tick) tick.checked = true;
    });
  }
}
