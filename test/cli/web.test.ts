// `web`: the URL of the status page, of a daemon that runs.
import { expect } from 'chai';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../src/assembly/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { acquireLock } from '../../src/daemon/journal/lock.ts';
import { createMonitor } from '../../src/daemon/monitor/monitor.ts';
import { serveWeb } from '../../src/web/serve-web.ts';
import { openCli, type Cli } from './open-cli.ts';

describe('the web command', () => {
  let folder: string;
  let cli: Cli;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'web-')));
    cli = await openCli();
    await cli.write('clearml.conf', `agent.slurm { state_dir: ${folder}, clusters { one {}, two {} } }\n`);
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await cli[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** What a daemon that serves these clusters opens. Returns the URL that it logs. */
  async function serve(...names: readonly string[]): Promise<string> {
    let url = '';
    const app = {
      config: {
        settings: {
          api: {},
          http: { listen: { host: '127.0.0.1', port: 0 } },
          clusters: names.map((name) => ({ name, stateDir: join(folder, name) })),
        },
      },
      context: { hostName: 'login1' },
      log: { info: (_message: string, { http }: { http: string }) => (url = `http://${http}/`) },
    };
    for (const name of names) {
      const lock = await acquireLock(join(folder, name), 'login1', systemClock.now());
      opened.push({ close: () => lock.release() });
    }
    const web = await serveWeb(app as unknown as App, createMonitor(systemClock));
    if (web !== undefined) opened.push(web);
    return url;
  }

  it('prints the URL of each daemon if two daemons serve different clusters', async () => {
    const [one, two] = [await serve('one'), await serve('two')];

    const ofFirst = await cli.run('web', '--cluster', 'one');
    const ofSecond = await cli.run('web', '--cluster', 'two');
    const ofBoth = await cli.run('web');

    expect(ofFirst.stdout, ofFirst.stderr).to.include(`${one}?token=`).and.not.include(two);
    expect(ofSecond.stdout, ofSecond.stderr).to.include(`${two}?token=`).and.not.include(one);
    expect(ofBoth.stdout).to.include(`${one}?token=`).and.include(`${two}?token=`);
  });

  it('prints one URL for a daemon that serves two clusters', async () => {
    const both = await serve('one', 'two');

    expect((await cli.run('web')).stdout.split(`${both}?token=`)).to.have.length(2);
    expect((await cli.run('web', '--cluster', 'two')).stdout).to.include(`${both}?token=`);
  });

  it('does not print the URL of a killed daemon if the running daemon has no HTTP server', async () => {
    const lock = await acquireLock(join(folder, 'one'), 'login1', systemClock.now());
    opened.push({ close: () => lock.release() });
    await writeFile(join(folder, 'http.json'), '{"pid":1,"address":{"host":"127.0.0.1","port":8910}}\n');

    const { code, stdout, stderr } = await cli.run('web');

    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.match(/^The daemon serves no status page\. Restart it with /);
  });
});
