// The token that this page shows to the proxy. It is kept in this tab alone, and stands in
// no address.

const key = "sluice-token";
let kept = ""; // where the browser keeps nothing: until the page is left

// token returns the token, or "".
export function token() {
  try {
    return sessionStorage.getItem(key) ?? kept;
  } catch {
    return kept;
  }
}

// keep keeps a token; "" forgets it.
export function keep(value) {
  kept = value;
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch { /* the browser keeps nothing */ }
}

// read returns a token as somebody pasted it: without "Bearer", and without what breaks
// lines or cannot be seen.
const read = (text) => text.replace(/^\s*Bearer\s+/i, "").replace(/[\s\p{Cf}]/gu, "");

// ask asks for a token in a dialog, whose elements the page has. onToken gets it.
export class Login {
  constructor(dialog, onToken) {
    this.dialog = dialog;
    this.input = dialog.querySelector("input");
    this.why = dialog.querySelector(".why");
    dialog.querySelector("form").addEventListener("submit", (e) => {
      e.preventDefault();
      const value = read(this.input.value);
      this.input.value = "";
      if (!value) return;
      if (/[^!-~]/.test(value)) {
        this.why.textContent = "this is no token: it has characters that none has";
        return;
      }
      keep(value);
      dialog.close();
      onToken(value);
    });
  }

  ask(why) {
    this.why.textContent = why;
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.input.focus();
  }
}
