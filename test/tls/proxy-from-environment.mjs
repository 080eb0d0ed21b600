// Makes Node's own fetch heed HTTPS_PROXY, as docs/takeover.md tells users of Node before 22.21: node --import <this>.
import { EnvHttpProxyAgent, setGlobalDispatcher } from "undici";

setGlobalDispatcher(new EnvHttpProxyAgent());
