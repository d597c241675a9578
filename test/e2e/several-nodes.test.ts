// One task on three nodes of real Slurm, with either agent on the nodes themselves.
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { agentPython, requireAgent, requirePython, requireSlurm } from '../support/skip-unless.ts';
import { describeTaskOnThreeNodes } from './several-nodes-tests.ts';

describeTaskOnThreeNodes({
  name: 'with the real clearml-agent',
  python: agentPython,
  required: [requireAgent, requireSlurm],
  inContainers: false,
});

describeTaskOnThreeNodes({
  name: 'with the stand-in for clearml-agent',
  python: standInAgentPython,
  required: [requirePython, requireSlurm],
  inContainers: false,
});
