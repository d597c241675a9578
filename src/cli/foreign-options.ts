// Options of clearml-agent that users may try here: the message for each, and the alternative.

const AGENT = 'is an option of clearml-agent';

export const FOREIGN_OPTIONS: Readonly<Record<string, string>> = {
  'use-pbs': 'is not supported: this program works with Slurm only, not with PBS.',
  gpus: `${AGENT}; here the template sets the number of GPUs: #SBATCH --gres=gpu:1`,
  'cpu-only': `${AGENT}; here a job gets only the GPUs that its template requests.`,
  'dynamic-gpus': `${AGENT}; here Slurm allocates the GPUs that the template of each queue requests.`,
  docker: `${AGENT}; this program runs images with Apptainer or Singularity: use --singularity-mode.`,
  'force-current-version': `${AGENT}; here agent.slurm.agent_version sets the version of the agent.`,
  'services-mode': `${AGENT}; here every task is a Slurm job, and Slurm decides how many run at once.`,
  'use-owner-token':
    'is not supported: only the Enterprise server issues tokens of other users; jobs use the keys of clearml.conf.',
  debug: `${AGENT}; use --log-level debug.`,
  status: `${AGENT}; use the command: clearml-agent-slurm status.`,
};
