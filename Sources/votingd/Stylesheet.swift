/// How the pages look: one stylesheet for both, light and dark, from a narrow phone to a wide desk.
///
/// Text has at least the contrast 4.5 and edges 3 against what they stand on, in both schemes; the browser tests measure.
enum Stylesheet {
  static let text = """
    :root {
      color-scheme: light dark;
      --paper: #f5f6f8; --card: #ffffff; --ink: #1a2330; --soft: #4c5868; --edge: #7a8696; --track: #e3e7ec;
      --accent: #1f5fb8; --on-accent: #ffffff; --warn: #8a4b00;
      --bar-1: #1f5fb8; --bar-2: #b4471f; --bar-3: #2b7a4b; --bar-4: #7a3fa0; --bar-5: #8a6a00; --bar-6: #a82d5f;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #11161d; --card: #1a212b; --ink: #e9eef4; --soft: #aab6c4; --edge: #748292; --track: #2b3440;
        --accent: #86b6ff; --on-accent: #0b1524; --warn: #ffc078;
        --bar-1: #6ea6f7; --bar-2: #f0936a; --bar-3: #63c28c; --bar-4: #c191e8; --bar-5: #d9b340; --bar-6: #f08cb2;
      }
    }
    *, ::before, ::after { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink); font: 100%/1.5 system-ui, "DejaVu Sans", sans-serif; }
    body {
      display: flex; flex-direction: column; min-height: 100vh; max-width: 46rem; margin: 0 auto;
      padding: 1.25rem clamp(1rem, 4vw, 2rem);
    }
    nav { display: flex; gap: .25rem; margin-left: -.75rem; }
    nav a {
      padding: .5rem .75rem; border-radius: .5rem; color: var(--soft); text-decoration: none; font-weight: 600;
    }
    nav a:hover { color: var(--ink); text-decoration: underline; }
    nav a[aria-current] { color: var(--ink); text-decoration: underline; text-underline-offset: .4em;
      text-decoration-thickness: 2px; text-decoration-color: var(--accent); }
    main { flex: 1; padding: clamp(1.5rem, 6vh, 4rem) 0 2rem; }
    h1 { margin: 0 0 1.5rem; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.2; letter-spacing: -.02em; }
    footer { padding-top: 1rem; border-top: 1px solid var(--track); color: var(--soft); font-size: .875rem;
      overflow-wrap: anywhere; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }

    form { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 1rem; }
    button {
      min-height: 8rem; padding: 1rem 1.5rem; border: 2px solid var(--edge); border-radius: 1rem;
      background: var(--card); color: var(--ink); font: inherit; font-size: 1.5rem; font-weight: 600; line-height: 1.3;
      overflow-wrap: anywhere; cursor: pointer; transition: border-color .15s, box-shadow .15s;
    }
    button:hover { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
    button[aria-pressed] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
    button[aria-pressed]::after { content: "\\2713"; margin-left: .5em; }
    p[role=status] { margin: 1.5rem 0 0; color: var(--soft); overflow-wrap: anywhere; }
    p[role=status] strong { color: var(--ink); }

    ul { display: grid; gap: 1.5rem; margin: 0; padding: 0; list-style: none; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .375rem 1rem; align-items: baseline; }
    .name { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
    .share { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    .count, .total { color: var(--soft); font-variant-numeric: tabular-nums; }
    .total { margin: 2rem 0 0; }
    progress {
      --bar: var(--bar-1); grid-column: 1 / -1; appearance: none; -webkit-appearance: none; width: 100%; height: 1.25rem;
      border: 0; border-radius: .625rem; overflow: hidden; background: var(--track); color: var(--bar);
    }
    progress::-webkit-progress-bar { background: var(--track); }
    progress::-webkit-progress-value { background: var(--bar); transition: width .3s; }
    progress::-moz-progress-bar { background: var(--bar); }
    li:nth-child(6n+2) progress { --bar: var(--bar-2); }
    li:nth-child(6n+3) progress { --bar: var(--bar-3); }
    li:nth-child(6n+4) progress { --bar: var(--bar-4); }
    li:nth-child(6n+5) progress { --bar: var(--bar-5); }
    li:nth-child(6n+6) progress { --bar: var(--bar-6); }
    #state::before { content: ""; display: inline-block; width: .625rem; height: .625rem; margin-right: .5rem;
      border-radius: 50%; background: var(--edge); }
    #state[data-state=live]::before { background: var(--bar-3); }
    #state[data-state=stale] { color: var(--warn); }
    #state[data-state=stale]::before { background: var(--warn); }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (prefers-reduced-motion: reduce) { * { transition: none !important; } progress::-webkit-progress-value { transition: none; } }

    """

  /// A ballot with a tick.
  static let icon = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5fb8"/>\
    <path d="M8 17l6 6 11-13" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" \
    stroke-linejoin="round"/></svg>
    """
}
