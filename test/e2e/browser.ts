// A real Chromium for tests of the status page: errors of its console, of scripts and of the Content-Security-Policy are collected.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { TIMEOUT_MS, waitUntil } from '../support/wait-until.ts';

/** Debian's, as root, without calls to the network. */
const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export async function startBrowser(): Promise<Browser> {
  // Not at the top: that takes each run of mocha more than a second of processor time.
  const { chromium } = await import('playwright-core');
  return chromium.launch({ ...CHROMIUM, timeout: TIMEOUT_MS });
}

export interface StatusPage {
  readonly url: string;
  readonly token: string;
}

/** Waits until the daemon with this state directory serves its page. */
export function untilServed(stateDir: string): Promise<StatusPage> {
  return waitUntil('the daemon to serve its status page', async () => {
    try {
      const note = JSON.parse(await readFile(join(stateDir, 'http.json'), 'utf8')) as { address: { port: number } };
      const token = (await readFile(join(stateDir, 'http-token'), 'utf8')).trim();
      return { url: `http://127.0.0.1:${note.address.port}`, token };
    } catch {
      return false;
    }
  });
}

export interface OpenPage {
  readonly page: Page;
  /** What the console, scripts and the policy complained about. */
  readonly complaints: readonly string[];
  /** The texts of this element, once the text of one of them matches. */
  readonly until: (selector: string, text: RegExp) => Promise<string>;
  /** What axe-core finds that keeps people from using the page. */
  readonly violations: () => Promise<string[]>;
}

/** Logs in by the URL with the token, as a user does. */
export async function openPage(
  browser: Browser,
  { url, token }: StatusPage,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}/?token=${token}`);
  await page.waitForURL(`${url}/`);

  return {
    page,
    complaints,
    async until(selector, text) {
      const found = page.locator(selector, { hasText: text });
      await found.first().waitFor({ state: 'attached' });
      return (await found.first().textContent()) ?? '';
    },
    async violations() {
      const { default: axe } = await import('axe-core');
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { violations } = await (
          globalThis as unknown as {
            axe: { run(): Promise<{ violations: { impact: string; id: string; nodes: { html: string }[] }[] }> };
          }
        ).axe.run();
        return violations.map(({ impact, id, nodes }) => ({ impact, text: `${id}: ${nodes[0]?.html ?? ''}` }));
      });
      return found.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ text }) => text);
    },
  };
}
