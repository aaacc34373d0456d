/** The style of the simulator's page. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #0b0c0c; --paper: #f3f2f1; --card: #fff; --line: #b1b4b6; --quiet: #505a5f;
  --text: #e5f0fa; --mail: #fff; --good: #00573a; --bad: #942514; --link: #1a65a6; }
@media (prefers-color-scheme: dark) { :root { --ink: #f3f2f1; --paper: #16191c; --card: #22272b; --line: #4c5358;
  --quiet: #b8c0c5; --text: #17354d; --mail: #1b2024; --good: #7fd6b0; --bad: #ffa595; --link: #8ec7f7; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header { background: #0b0c0c; color: #fff; padding: 1rem 1.5rem; }
header h1 { font-size: 1.4rem; margin: 0; }
header p { margin: 0; color: #dee0e2; }
main { padding: 0 1.5rem 2rem; }
.forms { display: flex; flex-wrap: wrap; gap: 1rem; }
.forms form { flex: 1 1 20rem; max-width: 34rem; background: var(--card); border: 1px solid var(--line); padding: 1rem; }
.forms h3 { margin: 0 0 .5rem; font-size: 1rem; }
label { display: block; margin: .5rem 0 .2rem; }
input, textarea, select { width: 100%; font: inherit; padding: .4rem; color: var(--ink); background: var(--mail); border: 2px solid var(--ink); }
button { font: inherit; margin-top: .6rem; padding: .4rem .9rem; color: #fff; background: #00703c; border: 0; cursor: pointer; }
:focus-visible { outline: 3px solid #fd0; outline-offset: 0; box-shadow: 0 0 0 5px #0b0c0c; }
a { color: var(--link); }
.notice { margin: 1rem 0 0; padding: .6rem 1rem; background: var(--card); border: 3px solid var(--good); }
.notice.error { border-color: var(--bad); }
.clock { margin: 1.5rem 0 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .75rem; }
.devices { columns: 22rem; column-gap: 1rem; }
article { break-inside: avoid; margin: 0 0 1rem; background: var(--card); border: 1px solid var(--line); padding: 1rem; overflow-wrap: anywhere; }
.phone { border-radius: 1.5rem; }
.inbox { border-radius: .4rem; }
.address { white-space: pre-wrap; margin: 0 0 .6rem; padding: .6rem; border: 1px solid var(--line); width: fit-content; }
article h3 { margin: 0 0 .75rem; font-size: 1rem; padding-bottom: .5rem; border-bottom: 1px solid var(--line); }
.phone h3 { text-align: center; }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem; }
.from { margin: 0 0 .2rem; font-size: .85rem; color: var(--quiet); }
.body { white-space: pre-wrap; margin: 0; }
.phone .body { background: var(--text); border-radius: .2rem 1.1rem 1.1rem 1.1rem; padding: .6rem .9rem; width: fit-content; max-width: 92%; }
.phone .own .body { background: #00703c; color: #fff; border-radius: 1.1rem .2rem 1.1rem 1.1rem; margin-left: auto; }
.phone .own .from, .phone .own .facts { text-align: right; justify-content: flex-end; }
.inbox li, .envelope li { border-left: .25rem solid var(--line); background: var(--mail); padding-left: .75rem; }
h4 { margin: 0 0 .4rem; font-size: 1.05rem; }
.facts { margin: .35rem 0 0; font-size: .8rem; color: var(--quiet); display: flex; flex-wrap: wrap; gap: 0 .75rem; }
.delivered .facts strong { color: var(--good); }
.temporary-failure .facts strong, .permanent-failure .facts strong, .technical-failure .facts strong,
.validation-failed .facts strong, .virus-scan-failed .facts strong, .returned-letter .facts strong { color: var(--bad); }
.temporary-failure .body, .permanent-failure .body, .technical-failure .body, .created .body { border: 1px dashed var(--line);
  background: none; color: var(--quiet); }
.none, .note { color: var(--quiet); }
noscript { display: block; padding: 0 1.5rem; }
`;

/** Fetches the page every second and a half and puts in what is new, unless nobody looks or somebody is at a button. */
export const pageScript = `
const messages = document.getElementById('messages');
let shown = messages.innerHTML;
setInterval(async () => {
  if (document.hidden || messages.contains(document.activeElement)) return;
  try {
    const text = await (await fetch('/')).text();
    const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('messages').innerHTML;
    if (fresh !== shown) { messages.innerHTML = fresh; shown = fresh; }
  } catch {}
}, 1500);
`;
