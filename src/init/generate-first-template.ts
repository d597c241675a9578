// Generates the first template of a cluster; a comment tells the source of each value.
import { joinLines } from '../base/terminal-text.ts';
import { parseAmount } from '../base/slurm-amount.ts';
import type { Partition } from '../slurm/sinfo.ts';
import type { Choices } from './choose-settings.ts';
import type { Site } from './probe-site.ts';
import { moduleFor } from './probe-login-shell.ts';

const DEFAULTS = { seconds: 4 * 3600, time: '04:00:00', cpus: 4, memoryMb: 8192 } as const;

export function generateFirstTemplate(site: Site, choices: Choices): string {
  const { value: partition, why } = choices.partition;
  const modules = modulesToLoad(site, choices);
  return joinLines([
    modules.needsLogin ? '#!/bin/bash -l' : '#!/bin/bash',
    `# Written by clearml-agent-slurm init for cluster ${site.clusterName}, Slurm ${site.version}. Edit it as you like.`,
    '# ${…:default} is a user property of the task with its default.',
    '#SBATCH --job-name=clearml_task_${CLEARML_TASK.id}',
    '# The log is in the working directory of the daemon; the nodes must share that directory.',
    '#SBATCH --output=clearml-%j.log',
    `# ${why}`,
    `#SBATCH --partition=${property('partition', partition.name)}`,
    ...accountLines(choices),
    ...timeLines(partition),
    ...nodeLines(partition, choices),
    `# A node of ${partition.name} has up to ${partition.cpus} CPUs (sinfo).`,
    `#SBATCH --cpus-per-task=${property('cpus', String(Math.max(1, Math.min(DEFAULTS.cpus, partition.cpus))))}`,
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
      : [
          `# ${partition.value.name} does not accept the default QOS of the account (scontrol).`,
          `#SBATCH --qos=${qos}`,
        ]),
  ];
}

function timeLines({ name, timeLimit }: Partition): string[] {
  const limit = parseAmount(timeLimit, 'duration')?.most ?? Infinity;
  const says = limit === Infinity ? 'no time limit' : `a time limit of ${timeLimit}`;
  const usual = limit < DEFAULTS.seconds ? timeLimit : DEFAULTS.time;
  return [`# ${name} has ${says} (sinfo).`, `#SBATCH --time=${property('walltime', usual)}`];
}

/** With Pyxis the whole script runs in the image, which has no srun to start other nodes. */
function nodeLines({ name, nodes }: Partition, { containers }: Choices): string[] {
  if (containers.value === 'pyxis')
    return ['# One node: the script runs in the image, and few images have srun.', '#SBATCH --nodes=1'];
  return [
    `# The task runs once on each node; ${name} has ${nodes} (sinfo).`,
    `#SBATCH --nodes=${property('num_nodes', '1')}`,
    '#SBATCH --ntasks-per-node=1',
  ];
}

/** If the memory of a node is not configured, Slurm assumes 1 MB and rejects jobs that request more. */
function memoryLines({ name, memoryMb }: Partition): string[] {
  if (memoryMb <= 1) return [`# No --mem: the memory of the nodes of ${name} is not configured in Slurm.`];
  const usual = Math.min(DEFAULTS.memoryMb, memoryMb);
  return [`# A node of ${name} has up to ${memoryMb} MB (sinfo).`, `#SBATCH --mem=${property('memory', `${usual}M`)}`];
}

function gpuLines({ name, gres }: Partition): string[] {
  const gpus = gres.filter((kind) => kind === 'gpu' || kind.startsWith('gpu:'));
  if (gpus.length === 0) return [`# No GPUs: sinfo lists none in ${name}.`];
  return [`# Nodes of ${name} have ${gpus.join(', ')} (sinfo).`, `#SBATCH --gres=gpu:${property('gpus', '1')}`];
}

function imageLines({ containers }: Choices): string[] {
  if (containers.value !== 'pyxis') return [];
  return [
    `# Slurm has Pyxis: sbatch accepts --container-image. ${containers.why}`.trimEnd(),
    '#SBATCH --container-image=${CLEARML_TASK.container.image:docker://python:3.12}',
    '# The script runs in the image and reads clearml.conf in the home directory.',
    '#SBATCH --container-mount-home',
    '#SBATCH --container-writable',
  ];
}

interface ModuleLines {
  readonly lines: readonly string[];
  /** Whether the script needs the login profile, which defines `module`. */
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
    lines.push(`# ${missing} on the login node without this module (module avail).`, `module load ${module} || exit`);
  };
  const inImages = containers.value === 'apptainer' || containers.value === 'singularity';

  load('python', 'No python3');
  if (inImages) load('containers', `No ${containers.value}`);
  const isFoundByProfile = isOnlyAtLogin('python') || (inImages && isOnlyAtLogin('containers'));
  if (isFoundByProfile)
    lines.push('# The first line has -l because only the login profile adds python3 or the container program to PATH.');
  if (lines.length === 0) lines.push(pythonFound(plain.python));
  const ways = login.networkVariables.filter((name) => !plain.networkVariables.includes(name));
  if (ways.length > 0)
    lines.push(
      `# The first line has -l because only the login profile sets ${ways.join(', ')}; jobs do not inherit it from the daemon.`,
    );
  if (login.hasModules && needed.length === 0) {
    lines.push('# Modules are available: to load some here, change the first line to #!/bin/bash -l.');
  }
  return { lines: [...lines, ''], needsLogin: needed.length > 0 || isFoundByProfile || ways.length > 0 };
}

function pythonFound(version: string | undefined): string {
  return version === undefined
    ? '# No python3 on the login node: load a module here, or set agent.slurm.python.'
    : `# The login node has Python ${version}; doctor --on-node checks the nodes.`;
}

function agentLines({ containers }: Choices): string[] {
  if (containers.value !== 'apptainer' && containers.value !== 'singularity') return ['${CLEARML_AGENT_EXECUTE}'];
  return [
    `# ${containers.why} ${containers.value} is installed on the login node. The image is that of the task, else agent.default_docker.image.`,
    `srun ${containers.value} exec \${CLEARML_AGENT_EXECUTE}`,
  ];
}
