// The token that this page shows to the proxy. It is kept in this tab alone, and stands in
// no address.

const key = "sluice-token";

// token returns the token, or "".
export function token() {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return ""; // the browser keeps nothing
  }
}

// keep keeps a token; "" forgets it.
export function keep(value) {
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch { /* until the page is left */ }
}

// headers are those that a request needs.
export const headers = () => token() ? { Authorization: "Bearer " + token() } : {};

// ask asks for a token in a dialog, whose elements the page has. onToken gets it.
export class Login {
  constructor(dialog, onToken) {
    this.dialog = dialog;
    this.input = dialog.querySelector("input");
    this.why = dialog.querySelector(".why");
    dialog.querySelector("form").addEventListener("submit", (e) => {
      e.preventDefault();
      const value = this.input.value.trim().replace(/^Bearer\s+/i, "");
      this.input.value = "";
      if (!value) return;
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
