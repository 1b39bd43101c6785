/// How a report looks: light, dark and on paper. Every pair of text and ground has a contrast of 4.5 : 1
/// at least (WCAG 2.1, level AA); the pictures take their colours from the same variables.
enum HTMLStyle {
  static let sheet: StaticString = """
    :root {
      --ground: #ffffff; --raised: #f4f6f8; --text: #1b1f24; --quiet: #56606b; --rule: #c9d0d7;
      --link: #0b4fa8; --bad: #b00020; --warn: #8a4b00; --good: #0a6b3a; --note: #0b4fa8;
      --bad-ground: #fdecee; --warn-ground: #fff3dd; --good-ground: #e6f5ec;
      --note-ground: #e8f0fb; --unknown-ground: #eceff2;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14181d; --raised: #1e242b; --text: #e6eaee; --quiet: #a4afba; --rule: #3d4852;
        --link: #8ab8ff; --bad: #ff9a9f; --warn: #f5c069; --good: #7ddba3; --note: #8ab8ff;
        --bad-ground: #3a1b20; --warn-ground: #38290f; --good-ground: #133222;
        --note-ground: #172b46; --unknown-ground: #2a313a;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 64rem; background: var(--ground);
      color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
    }
    h1 { font-size: 1.25rem; margin: 0 0 .5rem; }
    h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-top: .5rem;
      border-top: 1px solid var(--rule); }
    h3 { font-size: 1.05rem; margin: 1rem 0 .5rem; }
    h4 { font-size: .95rem; margin: 1rem 0 .25rem; }
    a { color: var(--link); }
    ul { margin: 0; padding-left: 1.2rem; }
    dl { margin: 0; }
    dt { font-weight: 600; }
    dd { margin: 0; }
    code, pre, .name { font-family: ui-monospace, monospace; }
    .verdict { margin: 0; padding: .75rem 1rem; border-radius: .5rem; border: 2px solid;
      font-size: 1.1rem; }
    .verdict strong, .verdict .symbol { font-size: 1.6rem; }
    .verdict .phrase { color: var(--text); }
    .critical { color: var(--bad); background: var(--bad-ground); }
    .warning { color: var(--warn); background: var(--warn-ground); }
    .ok { color: var(--good); background: var(--good-ground); }
    .info { color: var(--note); background: var(--note-ground); }
    .unknown { color: var(--text); background: var(--unknown-ground); }
    .scope, .figures, .subject, .frames, .confidence { color: var(--quiet); }
    .scope { margin: .5rem 0 0; }
    .figures { margin: .25rem 0; }
    .finding { margin: 0 0 1rem; padding: .75rem 1rem; border-left: .35rem solid currentColor;
      border-radius: .25rem; background: var(--raised); }
    .finding > * { color: var(--text); }
    .finding .badge { border: 1px solid; border-radius: .25rem; padding: 0 .4rem;
      font-size: .9rem; white-space: nowrap; }
    .finding.critical .badge { color: var(--bad); background: var(--bad-ground); }
    .finding.warning .badge { color: var(--warn); background: var(--warn-ground); }
    .finding.info .badge { color: var(--note); background: var(--note-ground); }
    .finding h3 { margin: 0 0 .25rem; }
    .finding .confidence { font-weight: 400; font-size: .9rem; }
    .finding .subject { margin: 0; font-size: .9rem; }
    .finding .summary { margin: .35rem 0 .6rem; font-weight: 600; }
    .finding dl > div { margin: .4rem 0; }
    .finding dd > p { margin: .25rem 0; }
    .lines { margin: .25rem 0 .6rem; }
    .lines figcaption { color: var(--quiet); font-size: .85rem; }
    pre { margin: 0; padding: .5rem .75rem; overflow-x: auto; overflow-wrap: normal;
      background: var(--ground); border: 1px solid var(--rule); border-radius: .25rem;
      font-size: .9rem; }
    details { margin: 0 0 1rem; }
    summary { cursor: pointer; padding: .25rem 0; }
    summary h3 { display: inline; margin: 0; font-family: ui-monospace, monospace; }
    summary span { color: var(--quiet); }
    .scroll { overflow-x: auto; max-width: 100%; margin: .25rem 0 .75rem;
      border: 1px solid var(--rule); border-radius: .25rem; }
    .scroll:focus-visible, pre:focus-visible, summary:focus-visible, a:focus-visible {
      outline: 2px solid var(--link); outline-offset: 2px; }
    table { border-collapse: collapse; font-size: .85rem; overflow-wrap: normal; }
    th, td { padding: .25rem .6rem; text-align: left; vertical-align: top;
      border-bottom: 1px solid var(--rule); }
    td { white-space: nowrap; }
    thead th { vertical-align: bottom; background: var(--raised); min-width: 5rem; }
    tbody th { font-weight: 400; white-space: nowrap; }
    tbody tr:last-child > * { border-bottom: 0; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--rule);
      color: var(--quiet); font-size: .85rem; }
    footer dl > div { display: flex; flex-wrap: wrap; gap: 0 .6rem; }
    svg { display: block; color: var(--text); }
    svg text { font: 12px system-ui, sans-serif; fill: var(--text); stroke: var(--ground);
      stroke-width: 3px; stroke-linejoin: round; paint-order: stroke; }
    svg text.small { font-size: 11px; }
    svg text.quiet { fill: var(--quiet); font-size: 11px; }
    svg text.title { font-weight: 600; }
    svg text.time { font-variant-numeric: tabular-nums; }
    svg text.detail { fill: var(--quiet); }
    svg text.bad, svg text.detail.bad { fill: var(--bad); }
    svg path { fill: none; stroke: var(--text); stroke-width: 1.5; }
    svg .life { stroke: var(--quiet); }
    svg .interruption { fill: var(--ground); }
    svg .head { fill: var(--text); stroke: none; }
    svg .arrow.again { stroke: var(--warn); stroke-dasharray: 7 4; }
    svg .head.again { fill: var(--warn); }
    svg .arrow.bad { stroke: var(--bad); }
    svg .head.bad { fill: var(--bad); }
    svg .arrow.absent { stroke-dasharray: 2 4; }
    svg .axis { stroke: var(--text); stroke-width: 1; }
    svg .grid { stroke: var(--rule); stroke-width: 1; }
    svg .dot { stroke: var(--note); stroke-width: 2.5; stroke-linecap: round; }
    svg .dot.large { stroke-width: 5; }
    svg .mark { fill: none; stroke-width: 1.75; }
    svg .lost { stroke: var(--bad); }
    svg .late { stroke: var(--warn); }
    svg .repeated { stroke: var(--good); }
    svg .restarted { stroke: var(--bad); fill: var(--bad); }
    svg .bar { fill: var(--note); }
    svg .window { stroke: var(--quiet); stroke-dasharray: 5 3; }
    svg .window.bad { stroke: var(--bad); }
    svg .rung { stroke-width: 1.5; }
    svg .rung.passed { fill: var(--good); stroke: var(--good); }
    svg .rung.partly { fill: var(--warn-ground); stroke: var(--warn); stroke-dasharray: 6 3; }
    svg .rung.lost { fill: var(--bad-ground); stroke: var(--bad); stroke-dasharray: 2 3; }
    svg .rung.seen { fill: var(--note-ground); stroke: var(--note); }
    svg .rung.limit { fill: var(--warn-ground); stroke: var(--warn); }
    @media (max-width: 40rem) {
      body { padding: .6rem; }
      .finding { padding: .6rem .7rem; }
      summary span { display: block; font-size: .9rem; }
    }
    @media print {
      :root {
        --ground: #ffffff; --raised: #ffffff; --text: #000000; --quiet: #444444; --rule: #999999;
        --link: #000000; --bad: #a0001c; --warn: #7a4200; --good: #085a31; --note: #0a458f;
        --bad-ground: #ffffff; --warn-ground: #ffffff; --good-ground: #ffffff;
        --note-ground: #ffffff; --unknown-ground: #ffffff; color-scheme: light;
      }
      body { max-width: none; padding: 0; font-size: 10pt; }
      .finding { border: 1px solid; border-left-width: .35rem; }
      .finding h3, h2, h3, h4, summary { break-after: avoid; }
      tr, svg, .verdict { break-inside: avoid; }
      .scroll, pre { overflow: visible; border: 0; }
      pre { white-space: pre-wrap; border: 1px solid var(--rule); }
      svg { max-width: 100%; height: auto; }
      table { width: 100%; font-size: 6pt; }
      th, td { padding: .1rem .2rem; white-space: normal; overflow-wrap: anywhere; }
      thead th { vertical-align: bottom; min-width: 0; }
      details::details-content { content-visibility: visible; block-size: auto; }
    }

    """
}
