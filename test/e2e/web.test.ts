// The status page in a real Chromium, while tasks run on real Slurm.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { requireAgent, requireChromium, requireRoot, requireSlurm } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openPage, startBrowser, untilServed, type StatusPage } from './browser.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Program, type World } from './world.ts';

/** The job starts when the test releases it, and its task runs until the test writes the file `end`. */
const HELD_TEMPLATE = QUICK_TEMPLATE.replace(
  '#SBATCH --nodes',
  '#SBATCH --hold\n#SBATCH --begin=now+1hour\n#SBATCH --nodes',
);
const HOSTILE_NAME = '<script>alert(1)</script> \u202egnp.exe \x1b[31mred';

describe('the status page', () => {
  before(requireChromium);
  before(requireAgent);
  before(requireSlurm);

  let browser: Browser;
  let world: World;
  let daemon: Program;
  let served: StatusPage;
  let task: string;
  let job: string;

  before(async () => {
    browser = await startBrowser();
    world = await startWorld({ slurm: 'http { listen: 0, unix_socket: "~/http.sock" }' });
    const template = await world.write('held.template', HELD_TEMPLATE);
    const code = `import os, time\nprint('a line of the task')\nwhile not os.path.exists("${join(world.folder, 'end')}"): time.sleep(0.1)`;
    task = await world.user.makeTask({ name: HOSTILE_NAME, code });
    await world.user.enqueue(task, await world.user.makeQueue('gpu'));
    daemon = world.start('--queue', world.nameOf('gpu'), '--template-files', template);
    served = await untilServed(join(world.folder, 'state'));
    job = await waitUntil('the job', async () => (await world.jobsOf(task, 'PD')).at(0));
    // A page without JavaScript does not refresh itself.
    await waitUntil('the page to show why the job waits', async () => {
      const page = await fetch(served.url, { headers: { authorization: `Bearer ${served.token}` } });
      return (await page.text()).includes('JobHeldUser');
    });
  });
  after(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  it("shows why a task waits, and escapes the task's name", async () => {
    const { page, complaints, until } = await openPage(browser, served);

    expect(await until('#tasks tr', /JobHeldUser/)).to.match(/<script>alert\(1\)<\/script>.*PENDING.*It is held/s);
    expect(await page.locator('#tasks th a').first().getAttribute('href')).to.equal(`/task/${task}`);
    await until('#tasks td[data-label="Expected start"]', /^in \d+ (min|h)$/);
    expect(await until('#health', /Ready/)).to.include('tracked');
    await until('#queues tr', new RegExp(`${world.nameOf('gpu')}[^]*0\\s+0\\s+1\\s+0`));
    expect(complaints).to.deep.equal([]);
    await page.context().close();
  });

  it('filters tasks by state, queue and text without JavaScript', async () => {
    const { page, until } = await openPage(browser, served, { javaScriptEnabled: false });
    await until('#tasks tr', /JobHeldUser/);

    await page.locator('select[name=state]').selectOption('running');
    await page.getByRole('button', { name: 'Filter' }).click();
    await until('#tasks', /No active task/);
    await page.locator('select[name=state]').selectOption('pending');
    await page.locator('select[name=queue]').selectOption(world.nameOf('gpu'));
    await page.getByLabel('Search').fill(job);
    await page.getByRole('button', { name: 'Filter' }).click();
    await until('#tasks tr', /JobHeldUser/);
    expect(page.url()).to.include(`state=pending&q=${job}`);
    await page.getByRole('link', { name: 'Show all' }).click();
    await page.getByRole('link', { name: '30 days' }).click();
    await until('h2', /Last 30 days/);
    await page.getByText('Table: tasks by state').click();
    const rows = page.locator('figure table tbody tr');
    // The page may still load.
    await rows.nth(239).waitFor({ state: 'attached' });
    expect(await rows.count()).to.equal(240);
    await page.context().close();
  });

  it("links to the page of each task, which shows the task's steps, script and log", async () => {
    const { page, complaints, until } = await openPage(browser, served);
    await page.locator('#tasks th a').first().click();

    await until('h1', /<script>/);
    for (const step of [
      /Enqueued in/,
      /Claimed/,
      /Passed to sbatch/,
      new RegExp(`Submitted as Slurm job ${job}`),
      /waits: it is held/,
    ])
      await until('.steps li', step);
    await page.getByRole('link', { name: 'Script, as it is rendered now' }).click();
    await until('pre', /hyperparams\.properties\.walltime\.value .*00:10:00/);
    await until('pre', /#SBATCH --hold/);
    await page.getByRole('link', { name: "End of the job's log" }).click();
    await until('section', /cannot be read from here|is not shown|no longer knows|The last lines/);
    expect(complaints).to.deep.equal([]);
    await page.context().close();
  });

  it('is usable with the keyboard alone', async () => {
    const { page, complaints, until } = await openPage(browser, served);
    await until('#tasks tr', /JobHeldUser/);
    await page.locator('#plots[data-drawn]').waitFor({ state: 'attached' });
    /** Presses Tab until this element has the focus, and checks that the focus is visible. */
    const tabTo = async (selector: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        const [isThere, outline] = await page.evaluate<[boolean, string]>(
          `[document.activeElement.matches(${JSON.stringify(selector)}), getComputedStyle(document.activeElement).outlineStyle]`,
        );
        if (!isThere) continue;
        expect(outline, selector).to.equal('solid');
        return;
      }
      throw new Error(`Tab does not reach ${selector}`);
    };

    await tabTo('select[name=state]');
    await page.keyboard.press('p');
    await tabTo('input[type=search]');
    await page.keyboard.type(job);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${served.url}/?queue=&owner=&state=pending&q=${job}`);
    await tabTo('figure summary');
    await page.keyboard.press('Enter');
    await tabTo('figure .scroll');
    await page.goto(served.url);
    await tabTo(`#tasks a[href="/task/${task}"]`);
    await page.keyboard.press('Enter');
    await until('h1', /<script>/);
    await tabTo('nav a[href$="show=script"]');
    await page.keyboard.press('Enter');
    await until('pre', /#SBATCH --hold/);
    await tabTo('pre');
    expect(complaints).to.deep.equal([]);
    await page.context().close();
  });

  for (const [what, options] of [
    ['in light colors', { colorScheme: 'light' }],
    ['in dark colors', { colorScheme: 'dark' }],
    ['at a width of 360 pixels', { viewport: { width: 360, height: 800 } }],
  ] as const) {
    it(`passes the accessibility checks and needs no horizontal scrolling ${what}`, async () => {
      const opened = await openPage(browser, served, options);
      const { page, complaints, until } = opened;
      await until('#tasks tr', /JobHeldUser/);
      await page.locator('#plots[data-drawn]').waitFor({ state: 'attached' });

      for (const path of ['/', `/task/${task}`, `/task/${task}?show=script`]) {
        if (path !== '/') await page.goto(served.url + path);
        expect(await opened.violations(), path).to.deep.equal([]);
        const [width = 0, visible = 0] = await page.evaluate<number[]>(
          '[document.documentElement.scrollWidth, innerWidth]',
        );
        expect(width, path).to.be.at.most(visible);
      }
      expect(complaints).to.deep.equal([]);
      await page.context().close();
    });
  }

  it('denies other Unix users access to page, socket and token', function () {
    requireRoot.call(this);
    const asNobody = (program: string, ...args: string[]): string => {
      try {
        const options = ['--reuid=nobody', '--regid=nogroup', '--clear-groups', '--', program, ...args];
        return execFileSync('setpriv', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
      } catch (error) {
        return String((error as { stderr: unknown }).stderr);
      }
    };
    const fetching = `fetch(process.argv[1] + '/').then(async (r) => console.log(r.status, await r.text()))`;
    expect(asNobody('cat', join(world.folder, 'state', 'http-token'))).to.match(/Permission denied/);
    expect(asNobody(process.execPath, '-e', fetching, served.url)).to.match(/^401 The token is missing or wrong/);
    const connecting = `require('net').connect(process.argv[1]).on('error', (e) => console.log(e.code))`;
    expect(asNobody(process.execPath, '-e', connecting, join(world.home, 'http.sock'))).to.match(/EACCES/);
  });

  it('is served on a Unix socket, and the subcommand web prints its URL', async () => {
    const { stdout, stderr } = await world.run('web');
    expect(stdout, stderr).to.include(`${served.url}/?token=${served.token}\n`).and.include('ssh -N -L');
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request({ socketPath: join(world.home, 'http.sock'), path: '/readyz' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).to.equal(200);
  });

  it('is served while the Nagios check (status --check) reports OK', async () => {
    const checked = await waitUntil('the first good poll', async () => {
      const { code, stdout } = await world.run('status', '--check');
      return code === 0 && stdout;
    });
    expect(checked).to.match(
      /^OK: [01] tasks? tracked, last poll .* ago \| tracked=[01] poll_age=[\d.]+s;;\d+ pass=[\d.]+s loop_lag=[\d.]+s\n$/,
    );
  });

  it('reconnects and shows new data after a reverse proxy has responded with 502', async () => {
    const { page } = await openPage(browser, served);
    let requests = 0;
    await page.route('**/events', async (route) => {
      requests += 1;
      await (requests === 1 ? route.fulfill({ status: 502 }) : route.continue());
    });
    await page.reload();
    await page.locator('html.stale').waitFor({ state: 'attached' });

    await page.locator('html:not(.stale)').waitFor({ state: 'attached' });

    expect(requests).to.equal(2);
    await page.context().close();
  });

  it('shows a task as pending, running and completed without a reload', async () => {
    const { page, complaints, until } = await openPage(browser, served);
    await until('#tasks tr', /JobHeldUser/);

    await page.locator('#tasks th a').first().focus();
    await world.cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
    await world.cluster.run('scontrol', 'release', job);
    await until('#tasks tr', /RUNNING/);
    expect(await page.evaluate('document.activeElement.getAttribute("href")')).to.equal(`/task/${task}`);
    await world.write('end', '');
    await until('#ended tr', /completed/);
    await until('#tasks', /No active task/);
    await page.setViewportSize({ width: 1000, height: 900 });
    await until('figure:has([data-plot=ends]) tbody tr', /1$/);
    await page.locator('#ended th a').first().click();
    await until('.steps li', /Ended: completed/);
    await page.getByRole('link', { name: "End of the job's log" }).click();
    await until('section', /The last lines of/);
    await until('pre', /a line of the task/);
    expect(complaints).to.deep.equal([]);
    await page.context().close();
    await world.stop(daemon);
  });
});
