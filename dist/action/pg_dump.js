import{a}from"./chunk-RKAX3U4S.js";export{a as pgDump};
//# sourceMappingURL=pg_dump.js.map