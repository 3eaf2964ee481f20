// Copy buttons, and unfolding before the page is printed. Without this the page reads the same.
"use strict";

const said = document.getElementById("said0");

async function copy(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    said.textContent = "Copied.";
    button.textContent = "Copied";
  } catch {
    // Without the right to the clipboard the text is selected, and a key copies it.
    getSelection().selectAllChildren(code);
    said.textContent = "Selected.";
    button.textContent = "Selected";
  }
  setTimeout(() => {
    said.textContent = "";
    button.textContent = "Copy";
  }, 2000);
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

// A link to what is folded away unfolds it by itself in browsers; a printer does not.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const details of unfolded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of unfolded) details.open = false;
});
