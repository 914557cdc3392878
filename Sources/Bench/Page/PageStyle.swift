/// How the page looks: light, dark and printed.
///
/// Outcomes have the colours of Okabe and Ito's palette, darker or lighter where the background asks for it, so that they
/// can be told apart by everybody; lines have three times the contrast of their background, text four and a half times.
enum PageStyle {
  static let text = """
    :root{--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--band:#f4f6f8;--card:#f6f8fa;
    --pass:#116329;--fail:#a40e26;--inconclusive:#7d4e00;--link:#0550ae;
    --accepted:#007a5a;--refused:#b84300;--indeterminate:#8a4b93;--dropped:#57606a;--due:#1b1f24;--outage:#a40e26;
    --p50:#0b63b0;--p90:#007a5a;--p99:#b84300;--max:#8a4b93;--visible:#b84300;
    --starting:#a86a00;--ready:#0b63b0;--serving:#007a5a;--unready:#57606a;--leaving:#a40e26;--terminating:#b84300;
    --command:#0550ae}
    @media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){\(dark)}}
    @media screen{:root[data-theme=dark]{\(dark)}}
    *{box-sizing:border-box}
    @media screen{html{color-scheme:light dark}}:root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
    body{margin:0;background:var(--bg);color:var(--fg);
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
    header,main{max-width:1200px;margin:0 auto;padding:0 20px}
    header{padding-top:20px;padding-bottom:12px}
    .brand{margin:0;color:var(--soft);display:flex;justify-content:space-between;align-items:center;min-height:30px}
    h1{font-size:24px;line-height:1.3;margin:10px 0 12px;font-weight:600;overflow-wrap:anywhere}
    .verdict{display:inline-block;padding:1px 12px;border-radius:6px;color:var(--bg);margin-right:6px}
    .pass .verdict,.mark.pass{background:var(--pass)}.fail .verdict,.mark.fail{background:var(--fail)}
    .inconclusive .verdict,.mark.inconclusive{background:var(--inconclusive)}
    .mark{color:var(--bg);border-radius:4px;padding:0 7px;font-size:14px;white-space:nowrap}
    h2{font-size:17px;margin:30px 0 8px;padding-top:8px;border-top:1px solid var(--line)}
    p{margin:8px 0}.note,.none,.remedy{color:var(--soft)}.remedy{margin:2px 0 0}
    .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,210px),1fr));gap:10px 24px;margin:10px 0}
    .facts dt{color:var(--soft);font-size:14px}
    .facts dd{margin:0;overflow-wrap:anywhere}
    code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;font-size:14px}
    pre{background:var(--card);padding:12px;border-radius:6px;overflow:auto}
    .scroll{overflow-x:auto;position:relative}
    .wide{min-width:960px}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;margin:6px 0 14px}
    caption{text-align:left;color:var(--soft);padding:4px 0;font-size:14px}
    th,td{text-align:left;vertical-align:top;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);font-weight:400}
    thead th{font-weight:600;white-space:nowrap}
    .n{text-align:right;white-space:nowrap}
    figure{margin:0 0 8px}figcaption{margin:8px 0 2px;font-size:14px}
    svg{display:block;width:100%;height:auto}
    svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;fill:var(--soft)}
    svg text.pod{font-size:11px;fill:var(--fg)}svg text.command{fill:var(--command)}svg text.name{fill:var(--fg)}
    .phase0{fill:var(--bg)}.phase1{fill:var(--band)}
    .grid{stroke:var(--line);stroke-width:.7}
    line.command{stroke:var(--command);stroke-width:1;stroke-dasharray:3 3}
    .cursor{stroke:var(--fg);stroke-width:1}
    .line{fill:none;stroke-width:1.5;stroke-linejoin:round}
    .line.service{stroke-dasharray:5 3;stroke-width:1.1}
    .key{display:inline-block;margin-left:12px;font:inherit;font-size:14px;color:var(--fg);white-space:nowrap}
    .key i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:5px;vertical-align:-1px}
    button{font:inherit;font-size:14px;background:var(--card);color:var(--fg);border:1px solid var(--soft);
    border-radius:6px;padding:2px 9px;min-height:26px;cursor:pointer}
    button[aria-pressed=false]{opacity:.75;text-decoration:line-through}
    :focus-visible{outline:2px solid var(--link);outline-offset:2px}
    #moment,.probe{display:block;position:sticky;top:0;background:var(--bg);padding:6px 0;z-index:1;
    font-variant-numeric:tabular-nums;border-bottom:1px solid var(--line)}
    .line.accepted{stroke-width:4}
    .is-off{display:none}
    @media (max-width:760px){table{min-width:680px}}
    \(colours)
    @media print{button:not(.key),#moment{display:none!important}
    body{font-size:11px}dt,code,pre,caption,figcaption,.mark,.key{font-size:inherit!important}section,figure,tr{break-inside:avoid}#timeline-charts,#profile{break-inside:auto}
    .scroll{overflow:visible}.wide{min-width:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
    """

  private static let dark =
    "--bg:#0d1117;--fg:#e6edf3;--soft:#9da7b1;--line:#30363d;--band:#161b22;--card:#161b22;--pass:#56d364;--fail:#ff8a80;"
    + "--inconclusive:#e3b341;--link:#79b8ff;--accepted:#2fb98f;--refused:#f0883e;--indeterminate:#d2a8ff;--dropped:#9da7b1;"
    + "--due:#e6edf3;--outage:#ff8a80;--p50:#58a6ff;--p90:#2fb98f;--p99:#f0883e;--max:#d2a8ff;--visible:#f0883e;"
    + "--starting:#e3b341;--ready:#58a6ff;--serving:#2fb98f;--unready:#9da7b1;--leaving:#ff8a80;--terminating:#f0883e;--command:#79b8ff"

  /// What is drawn, by its colour: an outline for lines, a filling for bars and for the keys.
  private static let colours: String = {
    let series = [
      "accepted", "refused", "indeterminate", "dropped", "due", "outage", "p50", "p90", "p99", "max", "visible",
      "starting",
      "ready", "serving", "unready", "leaving", "terminating",
    ]
    let phases = [
      ("total", "--due"), ("baseline", "--p50"), ("rollout", "--p99"), ("settle", "--p90"), ("rollback", "--max"),
      ("recovered", "--dropped"),
    ]
    let colours = series.map { ($0, "--\($0)") } + phases.map { ("c-\($0)", $1) }
    return colours.map { name, colour in
      ".line.\(name){stroke:var(\(colour))}.bar.\(name),rect.\(name),i.\(name){fill:var(\(colour));background:var(\(colour))}"
    }.joined(separator: "\n")
  }()
}
