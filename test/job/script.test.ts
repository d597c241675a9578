// The job script with a stand-in for Python: the environment of the agent, the gate, and the cleanup.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, TASK, type JobRun, type Node } from './job-script.ts';

describe('in a job script,', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => {
    node.remove();
  });

  function run(
    env: Record<string, string> = {},
    template = PLAIN_TEMPLATE,
    overrides: Partial<JobFacts> = {},
  ): Promise<JobRun> {
    return node.run(fillIn(template, jobFacts({ python: node.python, ...overrides })), env);
  }

  describe('the agent', () => {
    it('runs once, after the gate, with --full-monitoring and --require-queue (C-05)', async () => {
      await run();
      expect(node.calls().filter((call) => !call.startsWith('has agent?'))).to.deep.equal([
        `gate 0123456789abcdef0123456789abcdef abcdef0123456789abcdef0123456789 ${TASK}`,
        `agent clearml_agent execute --full-monitoring --require-queue --id ${TASK}`,
      ]);
    });

    for (const code of [0, 3, 201]) {
      it(`passes its exit code ${code} to the job after the rest of the template has run (S-43)`, async () => {
        const { exitCode, stdout } = await run({ STAND_IN_AGENT: `exit ${code}` });
        expect(exitCode).to.equal(code);
        expect(stdout).to.equal('before the agent\nafter the agent\n');
      });

      it(`passes its exit code ${code} to the job even under set -euo pipefail`, async () => {
        const { exitCode, stdout, stderr } = await run(
          { STAND_IN_AGENT: `exit ${code}` },
          PLAIN_TEMPLATE.replace('\n', '\nset -euo pipefail\n'),
        );
        expect({ exitCode, stdout }).to.deep.equal({ exitCode: code, stdout: 'before the agent\nafter the agent\n' });
        expect(stderr).not.to.match(/unbound|not found/);
      });
    }

    it('runs under nice if the template has "nice -n 5 ${CLEARML_AGENT_EXECUTE}"', async () => {
      const after = PLAIN_TEMPLATE.replace(
        '${CLEARML_AGENT_EXECUTE}',
        'env FLAVOUR=vanilla nice -n 5 ${CLEARML_AGENT_EXECUTE}',
      );
      const { exitCode, stdout } = await run({ STAND_IN_AGENT: 'echo "$FLAVOUR $(nice)"; exit 3' }, after);
      expect({ exitCode, stdout }).to.deep.equal({
        exitCode: 3,
        // The tests may run under nice(1).
        stdout: `before the agent\nvanilla ${Math.min(19, getPriority() + 5)}\nafter the agent\n`,
      });
    });

    it('reads the input that the template pipes into CLEARML_AGENT_EXECUTE', async () => {
      const { stdout } = await run(
        { STAND_IN_AGENT: 'cat' },
        PLAIN_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', "printf 'input\\n' | ${CLEARML_AGENT_EXECUTE}"),
      );
      expect(stdout).to.equal('before the agent\ninput\nafter the agent\n');
    });

    it('gets its worker name, its paths and its retry limit from the environment (C-27)', async () => {
      const names = [
        'CLEARML_WORKER_ID',
        'CLEARML_CONFIG_FILE',
        'CLEARML_AGENT__AGENT__VENVS_DIR',
        'CLEARML_AGENT_PROPAGATE_EXITCODE',
        'CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE',
        'TMPDIR',
      ];
      const { stdout } = await run({ STAND_IN_AGENT: names.map((name) => `echo "$${name}";`).join('') });
      const [worker, configuration, venvs, propagate, retries, tmp] = stdout.split('\n').slice(1);
      expect(worker).to.equal('login1:slurm:4711');
      expect(venvs).to.match(new RegExp(`^${node.tmp}/clearml-4711\\.[A-Za-z0-9]{6}$`));
      expect(configuration).to.equal(`${venvs}/clearml.conf`);
      expect(tmp).to.equal(`${venvs}/tmp`);
      expect([propagate, retries]).to.deep.equal(['1', '6']);
    });

    it('gets the variables that the template exports after CLEARML_PRE_SETUP', async () => {
      const { stdout } = await run(
        { STAND_IN_AGENT: 'echo "$CLEARML_CONFIG_FILE $CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE"' },
        PLAIN_TEMPLATE.replace(
          'echo',
          'export CLEARML_CONFIG_FILE=/mine.conf CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE=2\necho',
        ),
      );
      expect(stdout).to.include('/mine.conf 2');
    });

    it('gets a path with quotes, spaces and commas as a quoted HOCON string', async () => {
      const unusual = join(node.tmp, `a "b" #c, \\d`);
      mkdirSync(unusual);
      const { stdout } = await run({ TMPDIR: unusual, STAND_IN_AGENT: 'echo "$CLEARML_AGENT__AGENT__VENVS_DIR"' });
      const value: unknown = JSON.parse(stdout.split('\n')[1] ?? '');
      expect(value).to.match(/a "b" #c, \\d\/clearml-4711\.\w+$/);
    });
  });

  describe('the private directory', () => {
    it('has mode 700, and its clearml.conf has mode 600, even under umask 000 (S-13)', async () => {
      const look = 'stat -c "%a %n" "$CLEARML_SLURM_JOB_FOLDER" "$CLEARML_CONFIG_FILE"';
      const { stdout } = await run({ STAND_IN_AGENT: look }, PLAIN_TEMPLATE.replace('\n', '\numask 000\n'));
      expect(stdout).to.match(/^700 \S+clearml-4711\.\w+\n600 \S+\/clearml\.conf$/m);
    });

    for (const [how, env, template] of [
      ['after the task has succeeded', {}, PLAIN_TEMPLATE],
      ['after the task has failed', { STAND_IN_AGENT: 'exit 3' }, PLAIN_TEMPLATE],
      ['after the gate has ended the job', { STAND_IN_GATE: 'exit 201' }, PLAIN_TEMPLATE],
      ['when a command of the template fails under set -e', {}, PLAIN_TEMPLATE.replace('echo', 'set -e\nfalse\necho')],
      ['when the template exits early', {}, PLAIN_TEMPLATE.replace('echo', 'exit 5\necho')],
    ] as const) {
      it(`is removed ${how}`, async () => {
        await run(env, template);
        expect(node.leftovers()).to.deep.equal([]);
      });
    }

    it('is removed even if a process of the agent writes there during the removal', async () => {
      const bin = join(node.home, 'bin');
      mkdirSync(bin);
      const once = 'if [ ! -e "$0.done" ] && touch "$0.done"; then /bin/rm "$@"; mkdir -p -- "${!#}/tmp"; exit 1; fi';
      writeFileSync(join(bin, 'rm'), `#!/bin/bash\nif [ "$1" = -rf ]; then\n${once}\nfi\nexec /bin/rm "$@"\n`, {
        mode: 0o755,
      });
      const { exitCode } = await run({ PATH: `${bin}:/usr/bin:/bin`, STAND_IN_AGENT: 'exit 3' });
      expect(exitCode).to.equal(3);
      expect(node.leftovers()).to.deep.equal([]);
    });

    it('is not created again by a process that outlives the job', async () => {
      const late =
        'trap "" HUP; while [ -d "$CLEARML_SLURM_JOB_FOLDER" ]; do sleep 0.05; done; clearml_find_program bash; echo late >>"$STAND_IN_LOG"';
      await run({}, PLAIN_TEMPLATE.replace("echo 'before the agent'", `{ ${late}; } >/dev/null 2>&1 &`));
      await waitUntil('the process to have tried', () => node.calls().includes('late'));
      expect(node.leftovers()).to.deep.equal([]);
    });

    for (const [what, before] of [
      ['sets an EXIT trap before CLEARML_PRE_SETUP', /\n/],
      ['sets an EXIT trap after CLEARML_PRE_SETUP', /(?=echo 'before)/],
    ] as const)
      it(`is removed even if the template ${what}`, async () => {
        const template = PLAIN_TEMPLATE.replace(before, '\nset -e\ntrap \'echo "mine: $?"\' EXIT\n');
        const { exitCode, stdout } = await run({ STAND_IN_AGENT: 'exit 3' }, template);
        expect({ exitCode, stdout }).to.deep.equal({
          exitCode: 3,
          stdout: 'before the agent\nafter the agent\nmine: 3\n',
        });
        expect(node.leftovers()).to.deep.equal([]);
      });

    it('differs between two jobs that run the same script at the same time', async () => {
      const env = { STAND_IN_AGENT: 'echo "$TMPDIR"; sleep 0.5' };
      const runs = await Promise.all([run(env), run(env)]);
      const [first, second] = runs.map(({ stdout }) => stdout.split('\n')[1]);
      expect(first).not.to.equal(second);
    });

    it('is created in TMPDIR if SLURM_TMPDIR does not exist on the node', async () => {
      const { stdout } = await run({ SLURM_TMPDIR: '/nowhere', STAND_IN_AGENT: 'echo "$TMPDIR"' });
      expect(stdout).to.include(`\n${node.tmp}/clearml-4711.`);
    });
  });

  describe('the umask', () => {
    const UMASKS = { umask: '0022', logUmask: '0066' };
    const SHOW = { STAND_IN_AGENT: 'umask; echo "$SLURM_UMASK"', SLURM_UMASK: '0066' };
    for (const [what, line, seen] of [
      ['of the task is the umask 0022 of the login shell, not the umask 0066 of the log', 'umask 0066', '0022\n0022\n'],
      ['of the task is 0077 if the template sets umask 0077', 'umask 0077', '0077\n0022\n'],
    ] as const) {
      it(what, async () => {
        const template = PLAIN_TEMPLATE.replace('\n', `\n${line}\n`);
        const { stdout } = await node.run(fillIn(template, jobFacts({ python: node.python, ...UMASKS })), SHOW);
        expect(stdout).to.include(`before the agent\n${seen}`);
      });
    }
  });

  describe('the configuration (clearml.conf)', () => {
    const show = 'cat "$CLEARML_CONFIG_FILE"';

    it('is the file in the shared directory if the node can read the file', async () => {
      const shared = join(node.tmp, 'shared.conf');
      writeFileSync(shared, 'for this job\n');
      const { stdout } = await run({ STAND_IN_AGENT: show }, PLAIN_TEMPLATE, { sharedConf: shared });
      expect(stdout).to.include('\nfor this job\n');
    });

    it('is the file that CLEARML_CONFIG_FILE names if the node cannot read the file in the shared directory', async () => {
      const mine = join(node.tmp, 'mine.conf');
      writeFileSync(mine, 'the template says so\n');
      const { stdout } = await run({ STAND_IN_AGENT: show, CLEARML_CONFIG_FILE: mine }, PLAIN_TEMPLATE, {
        sharedConf: '/not/mounted/here.conf',
      });
      expect(stdout).to.include('\nthe template says so\n');
    });

    it('is ~/clearml.conf if no other file is configured', async () => {
      const { stdout } = await run({ STAND_IN_AGENT: show });
      expect(stdout).to.include('\napi { api_server: ');
    });

    it('is an empty file if the environment contains the server address and the keys', async () => {
      rmSync(join(node.home, 'clearml.conf'));
      const { exitCode, stdout } = await run({
        STAND_IN_AGENT: 'stat -c "size %s" "$CLEARML_CONFIG_FILE"',
        CLEARML_API_HOST: 'https://api.example.org',
        CLEARML_API_ACCESS_KEY: 'key',
        CLEARML_API_SECRET_KEY: 'secret',
      });
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('size 0');
    });

    it('is required: the job ends if no searched path has the file', async () => {
      rmSync(join(node.home, 'clearml.conf'));
      const { exitCode, stdout, stderr } = await run({}, PLAIN_TEMPLATE, { sharedConf: '/shared/jobs/1.conf' });
      expect(exitCode).to.equal(JOB_EXIT_CODES.noConfiguration.code);
      expect(stdout).to.equal('');
      expect(stderr.trim().split('\n')).to.have.length(1);
      expect(stderr).to.include('/shared/jobs/1.conf').and.include('~/clearml.conf').and.include('CLEARML_API_HOST');
      expect(node.calls()).to.deep.equal([]);
    });
  });

  describe('the gate', () => {
    it('ends the job with exit code 201 before the agent starts if the task must not run', async () => {
      const { exitCode, stdout, stderr } = await run({ STAND_IN_GATE: 'echo "task is gone"; exit 201' });
      expect(exitCode).to.equal(JOB_EXIT_CODES.gateClosed.code);
      expect(stdout).to.equal('before the agent\n');
      expect(stderr).to.equal(
        `clearml: ${nodeName()}: ${JOB_EXIT_CODES.gateClosed.meaning} ${JOB_EXIT_CODES.gateClosed.advice} (task is gone)\n`,
      );
      expect(node.calls().filter((call) => call.startsWith('agent'))).to.deep.equal([]);
    });

    it('ends the job with exit code 201 even if the template has "nice -n 1 ${CLEARML_AGENT_EXECUTE}"', async () => {
      const after = PLAIN_TEMPLATE.replace('${CLEARML_AGENT_EXECUTE}', 'nice -n 1 ${CLEARML_AGENT_EXECUTE}');
      const { exitCode, stdout } = await run({ STAND_IN_GATE: 'exit 201' }, after);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 201, stdout: 'before the agent\n' });
    });

    for (const [what, gate, code] of [
      ['the server is unreachable', 'echo "no route to host"; exit 202', JOB_EXIT_CODES.serverUnreachable],
      ['the server rejects the credentials (401)', 'echo "401"; exit 205', JOB_EXIT_CODES.serverRefused],
      ['the server returns an error (503)', 'echo "503"; exit 215', JOB_EXIT_CODES.serverAway],
      ['the server does not respond before the timeout', 'kill -ALRM $$', JOB_EXIT_CODES.serverAway],
      ['the program of the gate crashes', 'exit 1', JOB_EXIT_CODES.serverUnreachable],
    ] as const) {
      it(`ends the job with exit code ${code.code} if ${what}`, async () => {
        const { exitCode, stderr } = await run({ STAND_IN_GATE: gate });
        expect(exitCode).to.equal(code.code);
        expect(stderr).to.include(code.meaning).and.include(code.advice);
        expect(node.calls().some((call) => call.startsWith('agent'))).to.equal(false);
      });
    }

    describe('without a response from the server', () => {
      /** A `sleep` that returns at once. */
      const hasty = PLAIN_TEMPLATE.replace('\n', '\nsleep() { :; }\n');
      const awayTwice =
        'asked=$(grep -c ^gate "$STAND_IN_LOG"); if [ "$asked" -le 2 ]; then echo "no answer $asked"; exit 215; fi';
      const questions = (): number => node.calls().filter((call) => call.startsWith('gate')).length;

      it('retries until the server responds, and then lets the task run', async () => {
        const { exitCode, stderr } = await run({ STAND_IN_GATE: awayTwice }, hasty, { serverWaitSec: 900 });
        expect(exitCode, stderr).to.equal(0);
        expect(questions()).to.equal(3);
        expect(node.calls().filter((call) => call.startsWith('agent'))).to.have.length(1);
        expect(stderr.match(/the ClearML server does not respond; retrying for 900 s \(no answer 1\)/g)).to.have.length(
          1,
        );
      });

      it('retries for at most 30 seconds if the job ends in 60 seconds', async () => {
        const end = { SLURM_JOB_END_TIME: String(Math.floor(Date.now() / 1000) + 60) };
        const { exitCode, stderr } = await run({ STAND_IN_GATE: awayTwice, ...end }, hasty, { serverWaitSec: 900 });
        expect(exitCode, stderr).to.equal(0);
        expect(stderr).to.match(/retrying for (30|[12]?\d) s/);
      });

      for (const [how, env, overrides] of [
        ['grace.server_sec is 0', {}, { serverWaitSec: 0 }],
        ['the job has no time left', { SLURM_JOB_END_TIME: '1' }, { serverWaitSec: 900 }],
      ] as const) {
        it(`does not retry if ${how}`, async () => {
          const { exitCode } = await run({ STAND_IN_GATE: awayTwice, ...env }, hasty, overrides);
          expect(exitCode).to.equal(JOB_EXIT_CODES.serverAway.code);
          expect(questions()).to.equal(1);
        });
      }

      it('stops retrying as soon as the server reports that the task must not run', async () => {
        const gate = 'if [ "$(grep -c ^gate "$STAND_IN_LOG")" -le 1 ]; then exit 202; fi; exit 201';
        const { exitCode } = await run({ STAND_IN_GATE: gate }, hasty, { serverWaitSec: 900 });
        expect({ exitCode, asked: questions() }).to.deep.equal({ exitCode: JOB_EXIT_CODES.gateClosed.code, asked: 2 });
      });

      it('gives the agent more connection retries if grace.server_sec is longer', async () => {
        const show = { STAND_IN_AGENT: 'echo "$CLEARML_AGENT_INITIAL_CONNECT_RETRY_OVERRIDE"' };
        expect((await run(show, PLAIN_TEMPLATE, { serverWaitSec: 900 })).stdout).to.include('\n14\n');
        expect((await run(show, PLAIN_TEMPLATE, { serverWaitSec: 10 })).stdout).to.include('\n6\n');
      });
    });
  });
});

function nodeName(): string {
  return hostname();
}
