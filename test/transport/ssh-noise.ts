// Noise that login shells print before and after commands, as on many clusters.

/** For .bashrc, .tcshrc and .profile alike: a greeting on each stream, with words that look like marks of ours. */
export const NOISE = `echo 'Welcome to the cluster [x end 0]'
sh -c "echo 'Your quota is nearly used up' >&2"
`;

/** Variables that would change what Slurm's commands do. */
export const LEAKS = 'export LEAK_FROM_LOGIN=1 SBATCH_ACCOUNT=other SQUEUE_FORMAT=%i\n';
