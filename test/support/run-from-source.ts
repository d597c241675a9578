// Runs the program from its sources, so that tests of the command line need no build before them.
import { run } from '../../src/cli/main.ts';

await run(process.argv.slice(2));
