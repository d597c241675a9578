// A stand-in cluster in a process of its own, so that a test can kill it: tells when it is ready, and waits.
import { startStandInCluster } from './slurm/stand-in-cluster.ts';

await startStandInCluster({ stateDir: process.argv[2] ?? '' });
process.stdout.write('ready\n');
