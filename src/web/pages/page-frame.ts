// What all pages share: the document around them, and how they show moments, tasks and owners.
import { visibleLine, visibleText } from '../../base/terminal-text.ts';
import { html, type Html } from './html.ts';

/** What every page needs to know. */
export interface Site {
  readonly version: string;
  readonly hostName: string;
  /** The ClearML web page, without a final slash; undefined if it is unknown. */
  readonly webServer: string | undefined;
  /** Changes with the program, so that browsers load the files again. */
  readonly assetsMark: string;
}

export function documentOf(site: Site, title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/page.css?${site.assetsMark}" />
        <script defer src="/page.js?${site.assetsMark}"></script>
      </head>
      <body>
        ${body}
        <footer>
          clearml-agent-slurm ${site.version} on ${site.hostName} · <a href="/metrics">metrics</a> ·
          <a href="/readyz">health</a>
        </footer>
      </body>
    </html> `.text;
}

/** A moment, which the script of the page shows relative to now. */
export function moment(at: number | undefined): Html {
  if (at === undefined) return html`<span class="none">–</span>`;
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** Names come from users and may contain anything. */
export function shownName(name: string | undefined, task: string): string {
  const shown = visibleLine(name ?? '').trim();
  return shown === '' ? task.slice(0, 8) : shown;
}

/** A name, or the beginning of the id of a user whose name is unknown. */
export function shownOwner(owner: string | undefined): string {
  const shown = visibleText(owner ?? '').trim();
  return shown === '' ? '–' : /^[0-9a-f]{32}$/.test(shown) ? shown.slice(0, 8) : shown;
}

/** The task's own page in ClearML; undefined if the address of ClearML's web page is unknown. */
export function clearmlUrl({ webServer }: Site, task: string): string | undefined {
  return webServer !== undefined && /^https?:\/\//.test(webServer)
    ? `${webServer}/projects/*/experiments/${encodeURIComponent(task)}/output/log`
    : undefined;
}
