// Where the stand-in for clearml-agent is: Python, which no compiler copies, so it is read from src by dist too.
import { packagePath } from '../../base/package-folder.ts';

/** The path of a Python that has a stand-in for clearml-agent, for `agent.slurm.python`. It needs a python3 on PATH. */
export function standInAgentPython(): string {
  return packagePath('src/sandbox/agent/python');
}
