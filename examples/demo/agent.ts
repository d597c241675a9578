// Chooses the clearml-agent of the demo: the real one in a Python environment of this checkout, else the stand-in.
import { standInAgentPython } from '../../test/stand-ins/agent/stand-in-agent.ts';
import { AGENT_PYTHON, installAgentAlone } from '../../test/set-up/agent-venv.mjs';
import { hasProgram } from '../../test/set-up/command.mjs';
import type { Installer } from './installer.ts';
import { errorLine } from './error-line.ts';
import { unpackPython } from './unpacked-python.ts';

export interface DemoAgent {
  /** A description, which the demo shows. */
  readonly says: string;
  /** The path of a Python that has the agent. */
  readonly python: string;
  /** A folder that jobs need in PATH to use it. */
  readonly binDir?: string;
}

/** @throws Error if there is no Python and none can be installed */
export async function findAgent({
  standIn,
  installer,
}: {
  readonly standIn: boolean;
  readonly installer: Installer;
}): Promise<DemoAgent> {
  const lacking = standIn && hasProgram('python3') ? undefined : await installer.install([]);
  if (!hasProgram('python3')) return unpackedAgent();
  if (standIn) return standInAgent('DEMO_STAND_INS is set');
  if (lacking !== undefined) return standInAgent(lacking);
  const { missing, says } = await installAgentAlone();
  return missing[0] === undefined
    ? { says: `real: clearml-agent (${says})`, python: AGENT_PYTHON }
    : standInAgent(missing[0]);
}

async function unpackedAgent(): Promise<DemoAgent> {
  const binDir = await unpackPython();
  if (binDir === undefined) {
    throw new Error(
      'The tasks of the demo need python3, which is not installed here. Install it, and run the demo again.',
    );
  }
  return { ...standInAgent('python3 is not installed here'), binDir };
}

function standInAgent(why: string): DemoAgent {
  return { says: `a stand-in, which runs simple Python tasks: ${errorLine(why)}`, python: standInAgentPython() };
}
