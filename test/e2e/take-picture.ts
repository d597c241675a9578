// `npm run picture`: runs the demo and writes the picture of its status page, and with a directory also dark and narrow ones into it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { waitUntil } from '../support/wait-until.ts';
import { openPage, startBrowser, type StatusPage } from './browser.ts';

const SIZE = { viewport: { width: 1280, height: 720 } };
const [folder] = process.argv.slice(2);
const PICTURES: readonly (readonly [path: string, options: BrowserContextOptions])[] = [
  ['docs/status-page.png', SIZE],
  ...(folder === undefined
    ? []
    : ([
        [join(folder, 'dark.png'), { ...SIZE, colorScheme: 'dark' }],
        [join(folder, 'narrow.png'), { viewport: { width: 360, height: 800 } }],
      ] as const)),
];

// It has no terminal here, and would end with its tasks, before the last picture.
const demo = spawn(process.execPath, ['examples/demo/demo.mjs', '--web'], {
  env: { ...process.env, DEMO_STAYS_OPEN: '1' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(demo, 'exit');
const browser = await startBrowser();
try {
  const served = await urlOf(demo.stdout);
  // One task runs on two nodes while the others have ended. A page that was opened sooner would keep its empty plots.
  await waitUntil('two tasks to end', () => hasEnded(served));
  for (const [path, options] of PICTURES) {
    const { page } = await openPage(browser, served, options);
    await page.locator('#plots[data-drawn]').waitFor({ state: 'attached' });
    await page.screenshot({ path, fullPage: true });
    process.stdout.write(`Wrote ${path}.\n`);
    await page.context().close();
  }
} finally {
  await browser.close();
  demo.kill('SIGINT');
  await ended;
}

async function hasEnded({ url, token }: StatusPage): Promise<boolean> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const metrics = await response.text();
  return ['completed', 'failed'].every((cause) => new RegExp(`cause="${cause}"\\} [1-9]`).test(metrics));
}

/** The output is read to its end: the demo must not wait for a full pipe. */
async function urlOf(output: NodeJS.ReadableStream): Promise<StatusPage> {
  let text = '';
  return new Promise((resolve, reject) => {
    output.on('data', (piece: Buffer) => {
      text += piece.toString();
      const [, url, token] = /(http:\/\/[\w.:[\]-]+)\/\?token=([\w-]+)/.exec(text) ?? [];
      if (url !== undefined && token !== undefined) resolve({ url, token });
    });
    output.on('end', () => reject(new Error(`The demo ended without a URL:\n${text}`)));
  });
}
