// The first template for one cluster, written from what it told of itself; each value says where it came from. Pure.
import { joinLines } from '../base/joined-lines.ts';
import { readAmount } from '../base/slurm-amount.ts';
import type { Partition } from '../slurm/sinfo.ts';
import type { Choices } from './choices.ts';
import type { Site } from './site.ts';
import { moduleFor } from './shell-probe.ts';

const USUAL = { seconds: 4 * 3600, time: '04:00:00', cpus: 4, memoryMb: 8192 } as const;

export function startingTemplate(site: Site, choices: Choices): string {
  const { value: partition, why } = choices.partition;
  const modules = modulesToLoad(site, choices);
  return joinLines([
    modules.needsLogin ? '#!/bin/bash -l' : '#!/bin/bash',
    `# Written by clearml-agent-slurm init for cluster ${site.clusterName}, Slurm ${site.version}. It is yours: change what you like.`,
    '# What stands in ${…} is a user property of the task, and behind the colon its default.',
    '#SBATCH --job-name=clearml_task_${CLEARML_TASK.id}',
    '# In the folder where the daemon was started; nodes must see it.',
    '#SBATCH --output=clearml-%j.log',
    `# ${why}`,
    `#SBATCH --partition=${property('partition', partition.name)}`,
    ...accountLines(choices),
    ...timeLines(partition),
    ...nodeLines(partition, choices),
    `# A node of ${partition.name} has up to ${partition.cpus} CPUs, says sinfo.`,
    `#SBATCH --cpus-per-task=${property('cpus', String(Math.max(1, Math.min(USUAL.cpus, partition.cpus))))}`,
    ...memoryLines(partition),
    ...gpuLines(partition),
    ...imageLines(choices),
    '',
    ...modules.lines,
    '${CLEARML_PRE_SETUP}',
    ...agentLines(choices),
    '${CLEARML_POST_SETUP}',
  ]);
}

function property(name: string, usual: string): string {
  return `\${CLEARML_TASK.hyperparams.properties.${name}.value:${usual}}`;
}

function accountLines({ entrance, partition }: Choices): string[] {
  if (entrance === undefined) return [];
  const { account, qos } = entrance.value;
  return [
    `# ${entrance.why}`,
    `#SBATCH --account=${account}`,
    ...(qos === undefined
      ? []
      : [`# ${partition.value.name} does not take the account's usual QOS, says scontrol.`, `#SBATCH --qos=${qos}`]),
  ];
}

function timeLines({ name, timeLimit }: Partition): string[] {
  const limit = readAmount(timeLimit, 'duration')?.most ?? Infinity;
  const says = limit === Infinity ? 'no limit' : `a limit of ${timeLimit}`;
  const usual = limit < USUAL.seconds ? timeLimit : USUAL.time;
  return [`# ${name} has ${says}, says sinfo.`, `#SBATCH --time=${property('walltime', usual)}`];
}

/** With Pyxis the whole script runs in the image, in which there is no srun to begin on other nodes. */
function nodeLines({ name, nodes }: Partition, { containers }: Choices): string[] {
  if (containers.value === 'pyxis')
    return ['# One node: the script runs in the image, and few images have srun.', '#SBATCH --nodes=1'];
  return [
    `# The task runs once on each of them; ${name} has ${nodes}, says sinfo.`,
    `#SBATCH --nodes=${property('num_nodes', '1')}`,
    '#SBATCH --ntasks-per-node=1',
  ];
}

/** Where a node's memory is not set up, Slurm takes it for 1 MB, and would refuse any job that names more. */
function memoryLines({ name, memoryMb }: Partition): string[] {
  if (memoryMb <= 1) return [`# No --mem: Slurm is not told how much memory the nodes of ${name} have.`];
  const usual = Math.min(USUAL.memoryMb, memoryMb);
  return [
    `# A node of ${name} has up to ${memoryMb} MB, says sinfo.`,
    `#SBATCH --mem=${property('memory', `${usual}M`)}`,
  ];
}

function gpuLines({ name, gres }: Partition): string[] {
  const gpus = gres.filter((kind) => kind === 'gpu' || kind.startsWith('gpu:'));
  if (gpus.length === 0) return [`# No GPUs: sinfo shows none in ${name}.`];
  return [`# Nodes of ${name} have ${gpus.join(', ')}, says sinfo.`, `#SBATCH --gres=gpu:${property('gpus', '1')}`];
}

function imageLines({ containers }: Choices): string[] {
  if (containers.value !== 'pyxis') return [];
  return [
    `# sbatch knows --container-image here, so Slurm has Pyxis. ${containers.why}`.trimEnd(),
    '#SBATCH --container-image=${CLEARML_TASK.container.image:docker://python:3.12}',
    '# The script runs in the image, and finds clearml.conf in the home folder.',
    '#SBATCH --container-mount-home',
    '#SBATCH --container-writable',
  ];
}

interface ModuleLines {
  readonly lines: readonly string[];
  /** Whether the script needs the login profile, where `module` is made. */
  readonly needsLogin: boolean;
}

function modulesToLoad({ plainShell: plain, loginShell: login }: Site, { containers }: Choices): ModuleLines {
  const needed: string[] = [];
  const lines: string[] = [];
  const isOnlyAtLogin = (what: 'python' | 'containers'): boolean =>
    plain[what] === undefined && login[what] !== undefined;
  const load = (what: 'python' | 'containers', missing: string): void => {
    const module = moduleFor(what, login);
    if ((plain[what] ?? login[what]) !== undefined || module === undefined) return;
    needed.push(module);
    lines.push(`# ${missing} on the login node without it; module avail shows it.`, `module load ${module}`);
  };
  const inImages = containers.value === 'apptainer' || containers.value === 'singularity';

  load('python', 'No python3');
  if (inImages) load('containers', `No ${containers.value}`);
  const isFoundByProfile = isOnlyAtLogin('python') || (inImages && isOnlyAtLogin('containers'));
  if (isFoundByProfile)
    lines.push('# -l in the first line: python3 or the container program is found only with the login profile.');
  if (lines.length === 0) lines.push(pythonFound(plain.python));
  const ways = login.networkVariables.filter((name) => !plain.networkVariables.includes(name));
  if (ways.length > 0)
    lines.push(
      `# -l in the first line: only the login profile sets ${ways.join(', ')}; jobs get none of it from the daemon.`,
    );
  if (login.hasModules && needed.length === 0) {
    lines.push('# There are modules, says the login shell: with #!/bin/bash -l above, load here what tasks need.');
  }
  return { lines: [...lines, ''], needsLogin: needed.length > 0 || isFoundByProfile || ways.length > 0 };
}

function pythonFound(version: string | undefined): string {
  return version === undefined
    ? '# No python3 on the login node: load one here, or name one in agent.slurm.python.'
    : `# The login node has Python ${version}; doctor --on-node tells what the nodes have.`;
}

function agentLines({ containers }: Choices): string[] {
  if (containers.value !== 'apptainer' && containers.value !== 'singularity') return ['${CLEARML_AGENT_EXECUTE}'];
  return [
    `# ${containers.why} ${containers.value} is on the login node; the image is the task's, else agent.default_docker.image.`,
    `srun ${containers.value} exec \${CLEARML_AGENT_EXECUTE}`,
  ];
}
