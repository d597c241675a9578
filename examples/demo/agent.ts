// Which clearml-agent the demo uses: the real one in a Python environment of this checkout, else the stand-in.
import { standInAgentPython } from '../../test/stand-ins/agent/stand-in-agent.ts';
import { AGENT_PYTHON, installAgent } from '../../test/set-up/agent-venv.mjs';
import { hasProgram } from '../../test/set-up/command.mjs';
import type { Installer } from './installing.ts';
import { tellingLine } from './telling-line.ts';
import { unpackPython } from './unpacked-python.ts';

export interface DemoAgent {
  /** What it is, for whoever watches. */
  readonly says: string;
  /** The path of a Python that has it. */
  readonly python: string;
  /** A folder that jobs need on their PATH for it. */
  readonly binDir?: string;
}

/** @throws Error when there is no Python at all, and none can be had */
export async function findAgent({
  standIn,
  installer,
}: {
  readonly standIn: boolean;
  readonly installer: Installer;
}): Promise<DemoAgent> {
  const lacking = standIn && hasProgram('python3') ? undefined : await installer.install([]);
  if (!hasProgram('python3')) return unpackedAgent();
  if (standIn) return standInAgent('as DEMO_STAND_INS asks');
  if (lacking !== undefined) return standInAgent(lacking);
  const { missing, says } = await installAgent();
  return missing[0] === undefined
    ? { says: `real: clearml-agent (${says})`, python: AGENT_PYTHON }
    : standInAgent(missing[0]);
}

async function unpackedAgent(): Promise<DemoAgent> {
  const binDir = await unpackPython();
  if (binDir === undefined) {
    throw new Error('There is no python3 here, and the tasks of the demo need it: install it, and run the demo again.');
  }
  return { ...standInAgent('there was no python3 here, and none was installed'), binDir };
}

function standInAgent(why: string): DemoAgent {
  return { says: `a stand-in, which runs simple Python tasks: ${tellingLine(why)}`, python: standInAgentPython() };
}
