// The results of the probe job: read only if they are complete, and each problem is found.
import { expect } from 'chai';
import { NODE_CHECKS, type NodeSeen } from '../../src/doctor/node-checks.ts';
import { probeName, parseProbe, type ProbeContainer } from '../../src/doctor/node-script.ts';
import { known, unavailable, type CheckResult } from '../../src/doctor/check-result.ts';
import { parseJobName } from '../../src/slurm/job-name.ts';

const WELL = {
  node: 'gpu07',
  route: 'HTTP 200',
  python: '3.11.2',
  agent: '3.0.3',
  venv: 'yes',
  git: '2.39.5',
  containers: 'apptainer',
  home: '/home/ada',
  homewritable: 'yes',
  homefree: '9999999',
  overquota: '',
  shared: 'yes',
  insidestarted: 'yes',
  insidepython: '3.12.1',
  insidepip: 'yes',
  insideconf: 'yes',
};

function probeOutput(facts: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...WELL, ...facts }).map(([key, value]) => `doctor:${key}=${value}`);
  return ['Welcome to gpu07!', ...lines, 'doctor:end=', ''].join('\n');
}

const IN_PYXIS: ProbeContainer = { image: 'python:3.12', command: [], showsConfiguration: true, borrowsAgent: false };

function resultOf(
  id: string,
  facts: Readonly<Record<string, string>>,
  { needsContainers = false, container = known(IN_PYXIS) }: Partial<NodeSeen> = {},
): CheckResult {
  const found = parseProbe(probeOutput(facts));
  const check = NODE_CHECKS.find((one) => one.id === id);
  if (found === undefined || check === undefined) throw new Error(`nothing was read for ${id}`);
  const apiServer = 'https://api.example.org';
  const settings = { apiServer, sharedDir: undefined, agentVersion: '3.0.3', needsContainers };
  return check.check({ found: known(found), ...settings, sharedDir: '/shared', container });
}

describe('doctor --on-node', () => {
  for (const [id, facts, status, message] of [
    ['probe-job', {}, 'passed', 'ran on gpu07'],
    ['node-server', {}, 'passed', 'https://api.example.org responds (HTTP 200)'],
    [
      'node-server',
      { route: '', noroute: 'curl: (7) Failed to connect' },
      'failed',
      'cannot reach https://api.example.org: curl: (7) Failed to connect',
    ],
    ['node-python', { python: '' }, 'failed', 'not found'],
    ['node-agent', { agent: '' }, 'skipped', 'not installed: jobs install clearml-agent 3.0.3 with pip'],
    [
      'node-agent',
      { agent: '', venv: '' },
      'failed',
      'not installed, and cannot be installed: Python has no venv or no ensurepip',
    ],
    ['node-git', { git: '' }, 'failed', 'not found'],
    ['node-containers', { containers: '' }, 'skipped', 'not installed and not needed'],
    ['container', {}, 'passed', 'python:3.12 starts'],
    [
      'container',
      {
        insidestarted: '',
        insideerror: 'slurmstepd: error: pyxis:     [ERROR] URL … returned error code: 404 Not Found',
      },
      'failed',
      'python:3.12 does not start: slurmstepd: error: pyxis:     [ERROR] URL … returned error code: 404 Not Found',
    ],
    ['container', { insidestarted: '', insideoutput: 'Killed' }, 'failed', 'python:3.12 does not start: Killed'],
    ['container-python', {}, 'passed', 'Python 3.12.1, with pip'],
    ['container-python', { insideagent: 'yes' }, 'passed', 'Python 3.12.1, with clearml-agent'],
    ['container-python', { insidepip: '' }, 'failed', 'Python 3.12.1 without clearml-agent and without pip'],
    ['container-python', { insidepython: '' }, 'failed', 'Python not found'],
    ['container-python', { insidestarted: '' }, 'skipped', 'not checked: the container did not start'],
    ['container-configuration', {}, 'passed', '/shared'],
    ['container-configuration', { insideconf: '' }, 'failed', 'not found in the home directory of the container'],
    ['node-home', {}, 'passed', '/home/ada, 9765 MB free'],
    ['node-home', { homefree: '1000' }, 'failed', '/home/ada, 0 MB free'],
    ['node-home', { homefree: '' }, 'passed', '/home/ada'],
    ['node-home', { homewritable: '' }, 'failed', '/home/ada is not writable'],
    ['node-home', { overquota: 'Over block limit on /home' }, 'failed', 'over quota: Over block limit on /home'],
    ['node-shared-folder', { shared: '' }, 'failed', '/shared is not writable on the node'],
  ] as const) {
    it(`reports the check "${id}" as ${status} with the message "${message}"`, () => {
      expect(resultOf(id, facts)).to.deep.equal({ status, message });
    });
  }

  it('accepts a node with Singularity, and rejects a node with only Docker and Podman', () => {
    expect(resultOf('node-containers', { containers: 'podman docker ' }, { needsContainers: true }).status).to.equal(
      'failed',
    );
    expect(resultOf('node-containers', { containers: 'singularity ' }, { needsContainers: true }).status).to.equal(
      'passed',
    );
  });

  it('reports the error of sbatch once if Slurm rejects the probe job, and skips all other checks', () => {
    const found = unavailable('Slurm took no job: Invalid partition');
    const facts = {
      found,
      apiServer: 'x',
      sharedDir: '/shared',
      agentVersion: '3.0.3',
      needsContainers: true,
      container: known(IN_PYXIS),
    };

    const [first, ...others] = NODE_CHECKS.map(({ check }) => check(facts));

    expect(first).to.deep.equal({ status: 'failed', message: 'Slurm took no job: Invalid partition' });
    for (const other of others)
      expect(other).to.deep.equal({ status: 'skipped', message: 'not checked: the probe job gave no results' });
  });

  it('discards truncated output of the probe job', () => {
    expect(parseProbe(probeOutput({}).replace('doctor:end=', ''))).to.equal(undefined);
    expect(parseProbe('')).to.equal(undefined);
  });

  it('gives the probe job a name that the daemon cannot mistake for the job of a task', () => {
    expect(parseJobName(probeName('k3j5x9a2b4c6'))).to.equal(undefined);
  });
});
