// Options of ClearML's own agents that people type here too, and mean something: each with what is said of it, and what to do instead.

const AGENT = 'is an option of clearml-agent';

export const FOREIGN_OPTIONS: Readonly<Record<string, string>> = {
  'use-pbs': 'can not be honoured: PBS is not supported, this program speaks to Slurm only.',
  gpus: `${AGENT}; how many GPUs a job gets stands in its template: #SBATCH --gres=gpu:1`,
  'cpu-only': `${AGENT}; a job has the GPUs that its template asks for, and none without.`,
  'dynamic-gpus': `${AGENT}; Slurm hands out the GPUs that the template of each queue asks for.`,
  docker: `${AGENT}; on a cluster images are run by Apptainer or Singularity: --singularity-mode.`,
  'force-current-version': `${AGENT}; the agent's version is set by agent.slurm.agent_version.`,
  'services-mode': `${AGENT}; every task is a job here, and several run at once as Slurm allows.`,
  'use-owner-token':
    'can not be honoured: only the Enterprise server hands out the tokens of other users; jobs use the keys of clearml.conf.',
  debug: `${AGENT}; here it is --log-level debug.`,
  status: `${AGENT}; here it is the command: clearml-agent-slurm status.`,
};
