// One task on three nodes of real Slurm: ended once, by its first rank; a rank that fails fails it, and one that comes late does no harm.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../../src/sandbox/agent/stand-in-agent.ts';
import { agentPython, requireAgent, requirePython, requireSlurm } from '../support/requires.ts';
import { RANKS_MEET } from './ranks-meet.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

const agents = [
  { name: 'the real clearml-agent', python: agentPython, required: requireAgent },
  { name: 'the stand-in for clearml-agent', python: standInAgentPython, required: requirePython },
] as const;

/** Tells what each rank has of its own, and goes on until it is told to end. */
const MEETS = `${RANKS_MEET}
names = ["CLEARML_WORKER_ID", "CLEARML_AGENT__AGENT__VENVS_DIR", "TMPDIR", "CLEARML_MULTI_NODE_SINGLE_TASK", "RANK"]
print("rank", rank, "of", size, *[os.environ.get(name) for name in names], flush=True)
while not os.path.exists("{folder}/end"): time.sleep(0.1)
`;

/** The second rank goes on after the first has ended well, until the file is there; then it ends with this exit code. */
function outlives(file: string, exitCode: number): string {
  return `
import os, sys, time
rank = os.environ["NODE_RANK"]
if rank == "1": open("{folder}/begun-${file}", "w").close()
while rank == "0" and not os.path.exists("{folder}/begun-${file}"): time.sleep(0.1)
while rank == "1" and not os.path.exists("{folder}/${file}"): time.sleep(0.1)
sys.exit(${exitCode} if rank == "1" else 0)
`;
}

for (const { name, python, required } of agents) {
  describe(`a task on three nodes, with ${name}`, function () {
    this.timeout(300_000);
    let folder: string;
    let world: World;
    let queue: string;
    before(required);
    before(requireSlurm);
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ranks-'));
      const ours = join(folder, 'python');
      await writeFile(ours, lateAtTimes(python(), folder), { mode: 0o755 });
      world = await startWorld({ slurm: `python: ${ours}`, withPython: false });
      queue = await world.user.makeQueue('quick');
      const template = await world.write(
        'quick.template',
        QUICK_TEMPLATE.replace('\n', `\n#SBATCH --output=${folder}/%j.log\n`).replace(
          'export',
          'export RANK=0\nexport',
        ),
      );
      world.start('--template-files', template, '--queue', 'quick');
    });
    after(async () => {
      await world[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    async function make(code: string): Promise<string> {
      return world.user.makeTask({ code: code.replaceAll('{folder}', folder), properties: { num_nodes: '3' } });
    }

    async function enqueue(code: string): Promise<string> {
      const task = await make(code);
      await world.user.enqueue(task, queue);
      return task;
    }

    function tell(name: string): Promise<void> {
      return writeFile(join(folder, name), '');
    }

    async function logOf(task: string): Promise<string> {
      const [job = ''] = await world.jobsOf(task);
      return readFile(join(folder, `${job}.log`), 'utf8');
    }

    it('is one task of three workers that meet, whose lines say the rank, and is completed once', async () => {
      const task = await enqueue(MEETS);
      await world.untilConsole(task, 'all have met');
      for (const rank of [1, 2]) await world.untilConsole(task, `RANK ${rank}:`);
      for (const rank of [0, 1, 2]) await world.untilConsole(task, `rank ${rank} of 3`);
      await tell('end');
      await world.untilStatus(task, 'completed');
      await world.untilConsole(task, 'ended COMPLETED');

      const jobs = await world.jobsOf(task);
      const said = await world.user.console(task);
      const ranks = [...said.matchAll(/^rank (\d) of 3 (\S+) (\S+) (\S+) (\S+) (\S+)$/gm)].map(([, ...found]) => found);
      expect(ranks).to.have.length(3);
      for (const [rank = '', worker, , , shown, torch] of ranks) {
        // The template's own RANK would make every agent the first.
        expect(worker).to.match(new RegExp(`:${jobs[0] ?? ''}:${rank}$`));
        expect([shown, torch]).to.deep.equal(['1', rank === '0' ? '0' : 'None']);
      }
      for (const column of [1, 2, 3]) expect(new Set(ranks.map((row) => row[column]))).to.have.property('size', 3);
      expect(jobs).to.have.length(1);
      expect(said.match(/^Process completed successfully$/gm)).to.have.length(1);
    });

    it('fails when its second rank exits 5, and names it, its node and why', async () => {
      const task = await enqueue(
        'import os, sys, time\nif os.environ["NODE_RANK"] == "1": sys.exit(5)\ntime.sleep(600)',
      );
      const { status_message: message } = await world.untilStatus(task, 'failed');
      expect(message).to.match(
        /^Rank 1 on n\d ended with exit code 5, .*\. Slurm job \d+ ended FAILED \(exit code 5\)/,
      );
      await world.untilConsole(task, message.slice(0, 60));
      await world.untilConsole(task, 'Process failed, exit code 5 - rank 1');
    });

    it('stays completed when the agent of its third rank comes up after its end, and the job ends well', async () => {
      const task = await make(outlives('now', 0));
      await tell('now');
      await writeFile(join(folder, `late-${task}`), '2');
      await world.user.enqueue(task, queue);
      await world.untilStatus(task, 'completed');
      await tell(`open-${task}`);
      await world.untilConsole(task, 'ended COMPLETED');

      expect((await world.user.look(task)).status).to.equal('completed');
      const log = await logOf(task);
      expect(log).to.match(/^clearml: n\d: rank 2 does not run the task, which was completed before /m);
      expect(log).not.to.include('is not queued');
    });

    it('is completed again when an agent that began before its end brings it back to life', async () => {
      const task = await enqueue(outlives('revived', 0));
      await world.untilStatus(task, 'completed');
      // What each agent says some seconds after it was let in, whatever its rank.
      await world.user.api('tasks.started', { task, force: true, status_reason: 'worker started execution' });
      await tell('revived');
      await world.untilStatus(task, 'completed');
      expect((await world.user.look(task)).status_reason).to.equal('Slurm COMPLETED');
    });

    it('stays completed when another rank fails after that, and the console does not take it for the task', async () => {
      const task = await enqueue(outlives('fail', 5));
      await world.untilStatus(task, 'completed');
      await tell('fail');
      await world.untilConsole(task, 'The task itself completed before that');
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
