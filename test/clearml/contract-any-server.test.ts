// The ClearML contract with the server that the environment names: point it at a real one.
import { defineClearmlContract } from './contract.ts';

const {
  CLEARML_CONTRACT_API_HOST: url,
  CLEARML_CONTRACT_ACCESS_KEY: accessKey,
  CLEARML_CONTRACT_SECRET_KEY: secretKey,
} = process.env;

if (url === undefined || accessKey === undefined || secretKey === undefined) {
  it.skip(
    'the ClearML contract with a server of yours: name it in CLEARML_CONTRACT_API_HOST, CLEARML_CONTRACT_ACCESS_KEY and CLEARML_CONTRACT_SECRET_KEY',
  );
} else {
  defineClearmlContract(url, () => Promise.resolve({ url, accessKey, secretKey }));
}
