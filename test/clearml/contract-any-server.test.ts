// The ClearML contract with a server of yours, when the environment names one; no test of it exists where none is named.
import { namedServer } from '../support/server-of-run.ts';
import { defineClearmlContract } from './contract.ts';

const named = namedServer();
if (named !== undefined) defineClearmlContract(named.url, () => Promise.resolve(named));
