// Runs a stand-in cluster as a separate process, so that a test can kill it.
import { startStandInCluster } from './stand-in-cluster.ts';

await startStandInCluster({ stateDir: process.argv[2] ?? '' });
process.stdout.write('ready\n');
