// The installation of clearml-agent: for a pinned version, only files with known hashes, whatever index pip uses.
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { AGENT_WHEELS } from '../set-up/agent-venv.mjs';
import { agentPython, requireAgent, requireAgentWheels } from '../support/skip-unless.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

describe('the installation of clearml-agent', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
  });
  afterEach(() => node.remove());

  function run(env: Record<string, string>, overrides: Partial<JobFacts> = {}): Promise<JobRun> {
    const shared = { sharedDir: join(node.home, 'shared') };
    return node.run(fillIn(PLAIN_TEMPLATE, jobFacts({ ...shared, ...overrides })), env);
  }

  describe('(with a stand-in for pip)', () => {
    const bin = (): string => join(node.home, 'bin');
    beforeEach(() => {
      mkdirSync(bin());
      cpSync(node.python, join(bin(), 'python3'));
    });

    async function install(overrides: Partial<JobFacts>, hashes: string): Promise<{ words: string; stderr: string }> {
      const file = join(node.home, 'words');
      const env = { STAND_IN_HAS_AGENT: 'no', STAND_IN_HASHES: hashes, STAND_IN_PIP_WORDS: file };
      const { stderr } = await run({ ...env, PATH: `${bin()}:/usr/bin:/bin` }, overrides);
      return { words: readFileSync(file, 'utf8'), stderr };
    }

    it('passes --require-hashes to pip if hashes are known for the versions of clearml-agent and Python', async () => {
      const { words } = await install({}, 'yes');
      expect(words)
        .to.include('--require-hashes --only-binary=:all:')
        .and.match(/^clearml-agent==3\.0\.3; .*--hash=sha256:/m);
    });

    it('runs pip without hashes if no hashes are known for clearml-agent 3.0.2', async () => {
      const { words, stderr } = await install({ agentVersion: '3.0.2' }, 'yes');
      expect(words).to.include('clearml-agent==3.0.2').and.not.include('hash');
      expect(stderr).to.include('no hashes are known for clearml-agent 3.0.2 and this Python');
    });

    it('runs pip without hashes if no hashes are known for the Python version', async () => {
      const { words, stderr } = await install({}, 'no');
      expect(words).to.include('clearml-agent==3.0.3').and.not.include('hash');
      expect(stderr).to.include('no hashes are known for clearml-agent 3.0.3 and this Python');
    });
  });

  describe('(with real pip and a local directory of packages)', () => {
    let folder: string;
    let python: string;
    before(requireAgent);
    before(requireAgentWheels);
    beforeEach(() => {
      folder = join(node.home, 'wheels');
      cpSync(AGENT_WHEELS, folder, { recursive: true });
      // The Python with which the agent of the tests was installed, which has no agent.
      python = execFileSync(agentPython(), ['-c', 'import sys; print(sys._base_executable)'], {
        encoding: 'utf8',
      }).trim();
    });

    function install(): Promise<JobRun> {
      const env = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
      return run(env, { python, apiServer: 'http://127.0.0.1:9' });
    }

    it('accepts packages with known hashes', async () => {
      const { stderr } = await install();
      expect(readdirSync(join(node.home, 'shared/agents'))[0], stderr).to.match(/^3\.0\.3-py3/);
    });

    it('rejects a package whose content has changed', async () => {
      const [agent = ''] = readdirSync(folder).filter((name) => name.startsWith('clearml_agent'));
      appendFileSync(join(folder, agent), 'changed on the way');
      const { exitCode, stderr } = await install();
      expect(exitCode, stderr).to.equal(JOB_EXIT_CODES.noPython.code);
      expect(stderr).to.include('pip could not install clearml-agent 3.0.3 from files with known hashes');
      expect(readdirSync(join(node.home, 'shared/agents'))).to.deep.equal([]);
    });
  });
});
