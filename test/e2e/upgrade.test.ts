// An upgrade from each released version: over live jobs, back again, and with both versions on one queue.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT } from '../../src/base/exit-codes.ts';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { requirePython } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { withStandInCommands } from '../stand-ins/slurm/stand-in-commands.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

const RELEASES = resolve('test/fixtures/releases');
/** A larger number is for a manual run: `UPGRADE_TASKS=200`. */
const TASKS = Number(process.env['UPGRADE_TASKS'] ?? 12);

/** The format of each released version's journal. */
const JOURNAL_FORMATS = new Map([
  ['0.1.0', 1],
  ['0.2.0', 2],
]);

const versions = readdirSync(RELEASES).flatMap((name) => /^(.*)\.tgz$/.exec(name)?.[1] ?? []);

for (const version of versions) {
  describe(`an upgrade from ${version}`, function () {
    this.timeout(3_600_000);
    before(requirePython);

    let folder: string;
    let released: string;
    let cluster: StandInCluster;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
      execFileSync('tar', ['-xzf', join(RELEASES, `${version}.tgz`), '-C', folder]);
      released = join(folder, version, 'dist/cli/main.cjs');
      cluster = await startStandInCluster({ stateDir: join(folder, 'slurm') });
    });
    after(async () => {
      await cluster.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });

    const openWorld = (): Promise<World> =>
      startWorld({ cluster: withStandInCommands(cluster.commandsDir), python: standInAgentPython() });

    /** Tasks that run until the file `go` exists in the folder of the world. */
    async function enqueueTasks(world: World, queue: string, count: number): Promise<string[]> {
      const code = `import os, time
while not os.path.exists("${world.folder}/go"):
    time.sleep(0.2)
print("hello from the task")`;
      const tasks: string[] = [];
      for (let index = 0; index < count; index += 1) {
        // On a busy machine they run for many minutes.
        const task = await world.user.makeTask({ code, properties: { walltime: '1-00:00:00' } });
        await world.user.enqueue(task, queue);
        tasks.push(task);
      }
      return tasks;
    }

    async function expectOneRunEach(world: World, tasks: readonly string[]): Promise<void> {
      for (const task of tasks) {
        await world.untilStatus(task, 'completed');
        expect((await world.user.console(task)).match(/hello from the task/g), task).to.have.length(1);
      }
    }

    it('lets the new daemon complete each task of the old daemon exactly once', async () => {
      await using world = await openWorld();
      const template = await world.write('quick.template', QUICK_TEMPLATE);
      const queue = await world.user.makeQueue('quick');
      const words = ['--template-files', template, '--queue', world.nameOf('quick')];
      const live = await enqueueTasks(world, queue, TASKS);

      const before = world.startOther(released, ...words);
      await before.untilLogged('Serving');
      await waitUntil('all tasks to have jobs', async () => (await jobNames(world)).length >= live.length, {
        progress: () => world.log().length,
      });
      // Of these the old daemon may be at any step.
      const started = await enqueueTasks(world, queue, 3);
      before.signal('SIGKILL');
      await before.ended;
      const olderFormat = await journalFormat(world);
      expect(olderFormat).to.equal(JOURNAL_FORMATS.get(version));

      const now = world.start(...words);
      await now.untilLogged('Serving');
      await world.write('go', '');
      await expectOneRunEach(world, [...live, ...started]);
      await world.stop(now);

      if ((await journalFormat(world)) === olderFormat) {
        const again = world.startOther(released, ...words);
        await again.untilLogged('Serving');
        await expectOneRunEach(world, await enqueueTasks(world, queue, 1));
        await world.stop(again);
        return;
      }
      const { code, stderr } = await world.startOther(released, ...words).ended;
      expect(code, stderr).to.equal(EXIT.cannotCreate);
      expect(stderr.trimEnd().split('\n').at(-1)).to.match(
        /journal\.jsonl was written by a newer clearml-agent-slurm \(journal version \d+\)\. Use that version, or move the file away/,
      );
    });

    it('lets daemons of both versions serve the same queue, and each task runs once', async () => {
      await using world = await openWorld();
      const template = await world.write('quick.template', QUICK_TEMPLATE);
      const queue = await world.user.makeQueue('quick');
      const words = ['--template-files', template, '--queue', world.nameOf('quick')];
      const conf = await readFile(join(world.home, 'clearml.conf'), 'utf8');
      const otherConf = conf
        .replace(`worker_name: ${world.nameOf('glue')}`, `worker_name: ${world.nameOf('older')}`)
        .replace(`state_dir: ${world.folder}/state`, `state_dir: ${world.folder}/older-state`);
      expect(otherConf).to.include('older-state').and.include(world.nameOf('older'));
      const other = await world.write('older.conf', otherConf);
      execFileSync('chmod', ['600', other]);

      const older = world.startOther(released, ...words, '--config-file', other);
      const newer = world.start(...words);
      await Promise.all([older.untilLogged('Serving'), newer.untilLogged('Serving')]);
      const tasks = await enqueueTasks(world, queue, 6);
      await waitUntil('all tasks to have jobs', async () => (await jobNames(world)).length >= tasks.length, {
        progress: () => world.log().length,
      });
      await world.write('go', '');

      await expectOneRunEach(world, tasks);
      await world.stop(newer);
      await world.stop(older);
    });
  });
}

async function jobNames(world: World): Promise<string[]> {
  const names = await world.cluster.run('squeue', '--me', '--noheader', '--format=%j');
  return names.split('\n').filter((name) => name !== '');
}

/** The newest format of the journal's lines. */
async function journalFormat(world: World): Promise<number> {
  const journal = await readFile(join(world.folder, 'state/journal.jsonl'), 'utf8');
  const lines = journal.split('\n').filter((line) => line !== '');
  return Math.max(...lines.map((line) => (JSON.parse(line) as { readonly v: number }).v));
}
