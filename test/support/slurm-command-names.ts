// Slurm's commands by name alone, for hosts that a test provides.

export const SLURM_COMMANDS = {
  sbatch: 'sbatch',
  squeue: 'squeue',
  sacct: 'sacct',
  scancel: 'scancel',
  scontrol: 'scontrol',
} as const;
