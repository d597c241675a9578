// The behavior of one task on three nodes of real Slurm: a rank that fails fails the task, and a late rank does no harm.
// All tasks are enqueued at once, and each test waits for its own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { AGENT_PYTHON_INSIDE, agentPackages, makeImageWithAgent } from '../support/image-with-agent.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Wishes, type World } from './world.ts';

export interface Variant {
  readonly name: string;
  /** Of the nodes. */
  readonly python: () => string;
  readonly required: readonly (Mocha.Func | Mocha.AsyncFunc)[];
  /** Whether the ranks run in containers instead of on the nodes themselves. */
  readonly inContainers: boolean;
}

/** Prints the values of each rank, and runs until it is ended. */
const RECORDS_RANK = `${SYNCHRONIZE_RANKS}
names = ["CLEARML_WORKER_ID", "CLEARML_AGENT__AGENT__VENVS_DIR", "TMPDIR", "CLEARML_MULTI_NODE_SINGLE_TASK", "RANK"]
print("rank", rank, "of", size, *[os.environ.get(name) for name in names], flush=True)
while not os.path.exists("{folder}/end"): time.sleep(0.1)
`;

const FAILS_ON_RANK_1 = 'import os, sys, time\nif os.environ["NODE_RANK"] == "1": sys.exit(5)\ntime.sleep(3600)';

/**
 * The second rank continues after the first has succeeded, until the file is there; then it ends with this exit code. The first
 * waits until these others have begun: the agent of one that begins later would bring the task back to life by itself.
 */
function outlives(file: string, exitCode: number, others: readonly number[] = [1, 2]): string {
  const begun = `"{folder}/begun-${file}-%s"`;
  return `
import os, sys, time
rank = os.environ["NODE_RANK"]
if rank != "0": open(${begun} % rank, "w").close()
while rank == "0" and not all(os.path.exists(${begun} % other) for other in ${JSON.stringify(others)}): time.sleep(0.1)
while rank == "1" and not os.path.exists("{folder}/${file}"): time.sleep(0.1)
sys.exit(${exitCode} if rank == "1" else 0)
`;
}

/** All that is promised of such a task, this way. */
export function describeTaskOnThreeNodes({ name, python, required, inContainers }: Variant): void {
  describe(`a task on three nodes (${name})`, () => {
    let folder: string;
    let cluster: SlurmCluster | undefined;
    let world: World;
    let late: string;
    const tasks = new Map<string, string>();
    for (const requirement of required) before(requirement);
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ranks-'));
      world = inContainers ? await startWorldOfContainers() : await startWorldOf(lateAtTimes(python(), folder));
      const queue = await world.user.makeQueue('quick');
      const command = inContainers ? 'srun singularity exec ${CLEARML_AGENT_EXECUTE}' : '${CLEARML_AGENT_EXECUTE}';
      const template = await world.write(
        'quick.template',
        QUICK_TEMPLATE.replace('\n', `\n#SBATCH --output=${folder}/%j.log\n`)
          .replace('export', 'export RANK=0\nexport')
          .replace('${CLEARML_AGENT_EXECUTE}', () => command),
      );
      late = await make(outlives('now', 0, [1]));
      await writeFlag('now');
      await writeFile(join(folder, `late-${late}`), '2');
      await world.user.enqueue(late, queue);
      const programs = {
        meets: RECORDS_RANK,
        fails: FAILS_ON_RANK_1,
        revived: outlives('revived', 0),
        'fails late': outlives('fail', 5),
      };
      for (const [title, code] of Object.entries(programs)) {
        const task = await make(code);
        await world.user.enqueue(task, queue);
        tasks.set(title, task);
      }
      const mode = inContainers ? ['--singularity-mode'] : [];
      world.start(...mode, '--template-files', template, '--queue', world.nameOf('quick'));
    });
    after(async () => {
      await world[Symbol.asyncDispose]();
      await cluster?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    /** @param program the Python of its nodes */
    async function startWorldOf(program: string, options: Wishes = {}): Promise<World> {
      const ours = join(folder, 'python');
      await writeFile(ours, program, { mode: 0o755 });
      return startWorld({ python: ours, ...options });
    }

    async function startWorldOfContainers(): Promise<World> {
      const image = join(folder, 'image');
      await makeImageWithAgent(image, {
        python: lateAtTimes(AGENT_PYTHON_INSIDE, folder),
        packages: await agentPackages(),
      });
      cluster = await startSlurmCluster({ version: APPTAINER_BESIDE });
      return startWorldOf(onlyOnNode(python()), { cluster, agent: `default_docker { image: "${image}" }` });
    }

    function make(code: string): Promise<string> {
      return world.user.makeTask({ code: code.replaceAll('{folder}', folder), properties: { num_nodes: '3' } });
    }

    function taskOf(title: string): string {
      return tasks.get(title) ?? '';
    }

    function writeFlag(file: string): Promise<void> {
      return writeFile(join(folder, file), '');
    }

    it('runs in one job with three ranks, which print to the same console', async () => {
      const task = taskOf('meets');
      await world.untilConsole(task, 'all have met');
      for (const rank of [1, 2]) await world.untilConsole(task, `RANK ${rank}:`);
      for (const rank of [0, 1, 2]) await world.untilConsole(task, `rank ${rank} of 3`);
      await writeFlag('end');
      await world.untilStatus(task, 'completed');
      await world.untilConsole(task, 'ended COMPLETED');

      const jobs = await world.jobsOf(task);
      const printed = await world.user.console(task);
      const ranks = [...printed.matchAll(/^rank (\d) of 3 (\S+) (\S+) (\S+) (\S+) (\S+)$/gm)].map(
        ([, ...found]) => found,
      );
      expect(ranks).to.have.length(3);
      for (const [rank = '', worker, , , shown, torch] of ranks) {
        // The template's own RANK would make every agent the first.
        expect(worker).to.match(new RegExp(`:${jobs[0] ?? ''}:${rank}$`));
        expect([shown, torch]).to.deep.equal(['1', rank === '0' ? '0' : 'None']);
      }
      for (const column of [1, 2, 3]) expect(new Set(ranks.map((row) => row[column]))).to.have.property('size', 3);
      expect(jobs).to.have.length(1);
      expect(printed.match(/^Process completed successfully$/gm)).to.have.length(1);
    });

    it('fails if rank 1 exits with 5, and the status message names rank, node and exit code (S-43)', async () => {
      const task = taskOf('fails');
      const { status_message: message } = await world.untilStatus(task, 'failed');
      expect(message).to.match(
        /^Rank 1 on n\d ended with exit code 5, .*\. Slurm job \d+ ended FAILED \(exit code 5\)/,
      );
      await world.untilConsole(task, message.slice(0, 60));
      await world.untilConsole(task, 'Process failed, exit code 5 - rank 1');
    });

    it('keeps the status "completed" if the agent of rank 2 starts after the task has completed (C-32)', async () => {
      await world.untilStatus(late, 'completed');
      await writeFlag(`open-${late}`);
      await world.untilConsole(late, 'ended COMPLETED');
      await world.untilConsole(late, /^Rank 2 \(n\d\) did not run/m);

      expect((await world.user.look(late)).status).to.equal('completed');
      const [job = ''] = await world.jobsOf(late);
      const log = await readFile(join(folder, `${job}.log`), 'utf8');
      expect(log).to.match(/^clearml: n\d: rank 2 does not run the task, which was completed before /m);
      expect(log).not.to.include('is not queued');
    });

    it('gets the status "completed" again if a slow agent sets the status "in_progress" (C-32)', async () => {
      const task = taskOf('revived');
      await world.untilStatus(task, 'completed');
      // What each agent says some seconds after it was let in, whatever its rank.
      await world.user.api('tasks.started', { task, force: true, status_reason: 'worker started execution' });
      await writeFlag('revived');
      await world.untilStatus(task, 'completed');
      expect((await world.user.look(task)).status_reason).to.equal('Slurm COMPLETED');
    });

    it('keeps the status "completed" if rank 1 fails later, and the console reports the failure', async () => {
      const task = taskOf('fails late');
      await world.untilStatus(task, 'completed');
      await writeFlag('fail');
      await world.untilConsole(task, 'The task completed. After that, ');
      expect((await world.user.look(task)).status).to.equal('completed');
      expect(await world.user.console(task)).to.match(/Slurm job \d+ ended FAILED \(exit code 5\)/);
    });
  });
}

/** This Python, save that the agent of the rank that the file late-TASK names waits for the file open-TASK before it begins. */
function lateAtTimes(python: string, folder: string): string {
  return `#!/bin/sh
case " $* " in *' clearml_agent execute '*)
  for task; do :; done
  if [ "$(cat ${folder}/late-$task 2>/dev/null)" = "$SLURM_PROCID" ]; then
    until [ -e ${folder}/open-$task ]; do sleep 0.1; done
  fi
esac
exec ${python} "$@"
`;
}

/** A Python that a container does not have, though it may see the folder. */
function onlyOnNode(python: string): string {
  return `#!/bin/sh
if [ -n "\${SINGULARITY_CONTAINER:-}" ]; then exit 1; fi
exec ${python} "$@"
`;
}
