// Locates the stand-in for clearml-agent, a directory of Python.
import { packagePath } from '../../../src/base/installation.ts';

/** The path of a Python that has a stand-in for clearml-agent, for `agent.slurm.python`. It needs a python3 on PATH. */
export function standInAgentPython(): string {
  return packagePath('test/stand-ins/agent/python');
}
