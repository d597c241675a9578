// How the clearml-agent of the node is copied for a Pyxis container, with the program that copies it in real Python.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { requirePython } from '../support/skip-unless.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const PYXIS = { isWhole: false, seesJobFolder: true, imageName: 'python:3.12', environment: [], setUp: '' };
const LENT = '$CLEARML_SLURM_JOB_FOLDER/agent-of-node/clearml_agent';
const TEMPLATE = PLAIN_TEMPLATE.replace('${CLEARML_PRE_SETUP}', 'set -euo pipefail\n${CLEARML_PRE_SETUP}').replace(
  "echo 'before the agent'",
  `if [ -d "${LENT}" ]; then ls "${LENT}"; else echo 'nothing lent'; fi`,
);

describe("a job that copies the node's clearml-agent into a Pyxis container (under set -euo pipefail)", () => {
  let node: Node;
  let packages: string;
  before(requirePython);
  beforeEach(() => {
    node = createNode();
    packages = join(node.home, 'packages');
  });
  afterEach(() => {
    node.remove();
  });

  /** The node's packages: clearml-agent with one module, and what else its list of files names. */
  function installAgent(...alsoListed: readonly string[]): void {
    const about = join(packages, 'clearml_agent-3.0.3.dist-info');
    for (const folder of [about, join(packages, 'clearml_agent')]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(packages, 'clearml_agent/__main__.py'), '');
    writeFileSync(join(about, 'METADATA'), 'Metadata-Version: 2.1\nName: clearml-agent\nVersion: 3.0.3\n');
    const listed = ['clearml_agent/__main__.py', 'clearml_agent-3.0.3.dist-info/METADATA', ...alsoListed];
    writeFileSync(join(about, 'RECORD'), listed.map((file) => `${file},,\n`).join(''));
  }

  async function run(): Promise<JobRun> {
    const ended = await node.run(fillIn(TEMPLATE, jobFacts({ pyxis: PYXIS, python: node.python })), {
      STAND_IN_PACKAGES: existsSync(packages) ? packages : '',
    });
    expect(ended.exitCode, ended.stderr).to.equal(0);
    expect(node.calls().filter((call) => call.startsWith('agent '))).to.have.length(1);
    return ended;
  }

  it('copies no file from outside the package of clearml-agent', async () => {
    const outside = join(node.home, 'outside');
    writeFileSync(outside, '');
    installAgent(outside, '../outside');
    const { stdout, stderr } = await run();
    expect(stdout).to.match(/^__main__\.py$/m);
    expect(stderr).not.to.include('cannot use');
  });

  it('continues without a copy if a file of clearml-agent is missing', async () => {
    installAgent('clearml_agent/missing.py');
    const { stdout, stderr } = await run();
    expect(stdout).to.include('nothing lent');
    expect(stderr).to.match(
      /cannot use the clearml-agent of this node: it could not be copied to \S+\/agent-of-node$/m,
    );
  });

  it('continues without a copy if Python reports no location of clearml-agent', async () => {
    const { stdout, stderr } = await run();
    expect(stdout).to.include('nothing lent');
    expect(stderr).to.include(`cannot use the clearml-agent of this node: ${node.python} does not report its location`);
  });
});
