// The ClearML contract with a server of yours, when the environment names one; no test of it exists where none is named.
import { defineClearmlContract } from './contract.ts';

const {
  CLEARML_CONTRACT_API_HOST: url,
  CLEARML_CONTRACT_ACCESS_KEY: accessKey,
  CLEARML_CONTRACT_SECRET_KEY: secretKey,
} = process.env;

if (url !== undefined && accessKey !== undefined && secretKey !== undefined) {
  defineClearmlContract(url, () => Promise.resolve({ url, accessKey, secretKey }));
}
