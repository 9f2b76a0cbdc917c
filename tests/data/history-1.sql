PRAGMA journal_mode = WAL;
PRAGMA application_id = 1417102184;
PRAGMA user_version = 1;
BEGIN;
CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        "to" TEXT NOT NULL,
        sid TEXT NOT NULL,
        key TEXT
    );
CREATE UNIQUE INDEX events_key ON events (sid, key) WHERE key IS NOT NULL;
CREATE INDEX events_spoken ON events (room, id) WHERE kind IN ('acted', 'said', 'told');
CREATE INDEX events_unspoken ON events (room, id) WHERE kind NOT IN ('acted', 'said', 'told');
CREATE INDEX events_state ON events (id) WHERE kind IN ('created', 'invited', 'locked', 'topic', 'unlocked');
CREATE INDEX events_told ON events (sid, id) WHERE kind = 'told';
CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        tokenHash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        rooms TEXT NOT NULL,
        current TEXT NOT NULL,
        seen REAL NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE VIRTUAL TABLE terms USING fts5 (text, name, content = '', tokenize = 'ascii');
INSERT INTO events VALUES (1, 1.79587258573326873783e+09, 'joined', '#lobby', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (2, 1.79587258573728942873e+09, 'joined', '#lobby', 'Bob', '', '', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (3, 1.7958725857400305271e+09, 'joined', '#lobby', 'Dora', '', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (4, 1.79587258574272227292e+09, 'joined', '#lobby', 'Cem', '', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (5, 1.79587258574425077438e+09, 'said', '#lobby', 'Ann', 'Good morning! The kettle is on.', '', '90839f20e37d5dc1', 'a1');
INSERT INTO events VALUES (6, 1.79587258574541926386e+09, 'acted', '#lobby', 'Bob', 'yawns', '', '17f73bc3c9680d88', 'b1');
INSERT INTO events VALUES (7, 1.79587258574655771257e+09, 'said', '#lobby', 'Cem', 'Guten Morgen, Zoë!', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (8, 1.79587258574754643439e+09, 'acted', '#lobby', 'Cem', 'waves', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (9, 1.79587258574860978129e+09, 'joined', '#tea', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (10, 1.79587258575032448766e+09, 'topic', '#tea', 'Ann', 'Green tea (绿茶)', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (11, 1.79587258575228500361e+09, 'joined', '#tea', 'Bob', '', '', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (12, 1.79587258575445842738e+09, 'said', '#tea', 'Bob', '我们喝绿茶吧', '', '17f73bc3c9680d88', 'b2');
INSERT INTO events VALUES (13, 1.79587258575575184826e+09, 'joined', '#tea', 'Cem', '', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (14, 1.79587258575708055494e+09, 'said', '#tea', 'Cem', 'black for me', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (15, 1.79587258575824737548e+09, 'created', '#den', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (16, 1.79587258575824737548e+09, 'locked', '#den', 'Ann', '68daf5555d91f005:d2d21006d82dfa805d7a71511969bc1b92b529b3dbdee0a1f098db4cc50ee75fdc7119980933bdbc10964bae67b71ee93948e2b0d82b1cd4a12f9710f525fe3c', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (17, 1.79587258575824737548e+09, 'joined', '#den', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (18, 1.79587258576024508477e+09, 'joined', '#den', 'Cem', '', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (19, 1.7958725857618637085e+09, 'invited', '#den', 'Ann', '17f73bc3c9680d88', 'Bob', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (20, 1.79587258576363730435e+09, 'joined', '#den', 'Bob', '', '', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (21, 1.79587258576549768443e+09, 'said', '#den', 'Bob', 'nobody else hears the kettle', '', '17f73bc3c9680d88', 'b3');
INSERT INTO events VALUES (22, 1.7958725857671046257e+09, 'joined', '#plan', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (23, 1.79587258576869106298e+09, 'created', '#plan', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (24, 1.79587258576869106298e+09, 'locked', '#plan', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (25, 1.79587258577017498013e+09, 'invited', '#plan', 'Ann', '17f73bc3c9680d88', 'Bob', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (26, 1.79587258577169656755e+09, 'joined', '#plan', 'Bob', '', '', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (27, 1.79587258577341294285e+09, 'said', '#plan', 'Bob', 'the plan is to sleep', '', '17f73bc3c9680d88', 'b4');
INSERT INTO events VALUES (28, 1.79587258577461862567e+09, 'told', '@544f908ffeaadd0d', 'Ann', 'psst, Cem', 'Cem', '90839f20e37d5dc1', 'a2');
INSERT INTO events VALUES (29, 1.79587258577604532241e+09, 'told', '@90839f20e37d5dc1', 'Cem', 'psst, Ann', 'Ann', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (30, 1.79587258577749800687e+09, 'renamed', '#lobby', 'Bob', '', 'Robert', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (31, 1.79587258577905917169e+09, 'left', '#lobby', 'Robert', '', '', '17f73bc3c9680d88', NULL);
INSERT INTO events VALUES (32, 1.79587258578072738648e+09, 'unlocked', '#plan', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (33, 1.79587258578297472e+09, 'left', '#plan', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (34, 1.79587258578462696072e+09, 'joined', '#plan', 'Dora', '', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (35, 1.79587258578780722614e+09, 'topic', '#plan', 'Dora', 'Work', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (36, 1.79587258578938627241e+09, 'created', '#plan', 'Dora', '', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (37, 1.79587258578938627241e+09, 'locked', '#plan', 'Dora', '', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (38, 1.79587258579113388063e+09, 'said', '#plan', 'Dora', 'the plan is to work', '', '37691c542cbfd18f', 'd1');
INSERT INTO events VALUES (39, 1.79587258579308795924e+09, 'said', '#den', 'Ann', 'the den is warm', '', '90839f20e37d5dc1', 'a3');
INSERT INTO events VALUES (40, 1.79587258680819702146e+09, 'left', '#lobby', 'Ann', '', '', '90839f20e37d5dc1', NULL);
INSERT INTO events VALUES (41, 1.79587258681858348845e+09, 'said', '#den', 'Cem', 'the kettle is empty', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (42, 1795872586.82095, 'topic', '#tea', 'Cem', 'No tea', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (43, 1.7958725868224623203e+09, 'said', '#tea', 'Cem', 'tea, anybody?', '', '544f908ffeaadd0d', NULL);
INSERT INTO events VALUES (44, 1.79587258682385921479e+09, 'said', '#lobby', 'Dora', 'good night', '', '37691c542cbfd18f', 'd2');
INSERT INTO events VALUES (45, 1.79587258682600784298e+09, 'left', '#lobby', 'Dora', '', '', '37691c542cbfd18f', NULL);
INSERT INTO events VALUES (46, 1.79587258682600784298e+09, 'left', '#lobby', 'Cem', '', '', '544f908ffeaadd0d', NULL);
INSERT INTO sessions VALUES ('17f73bc3c9680d88', 'fe745ebbe94ba00585c9994a83cd18083487608983d72787b8db4e9f80f22ea8', 'Robert', '["#tea", "#den 90839f20e37d5dc1", "#plan 90839f20e37d5dc1"]', '#plan', 1.79587258577735519411e+09);
INSERT INTO sessions VALUES ('37691c542cbfd18f', '1adb6feb42bdf82bbfaf3664172c9e0e71e180671defdffd3080ab0f73fa582e', 'Dora', '["#plan 37691c542cbfd18f"]', '#plan', 1.79587258579038882254e+09);
INSERT INTO sessions VALUES ('90839f20e37d5dc1', '91e3a356762d6f76e53e5b592197a618f5a148b91c94830f2a7e5970d1981e34', 'Ann', '["#tea", "#den 90839f20e37d5dc1"]', '#den', 1.79587258579255771642e+09);
INSERT INTO notes VALUES ('epoch', 'e1d0a6b73df191dc');
INSERT INTO notes VALUES ('indexed', 39);
INSERT INTO notes VALUES ('opened', 1.79587258572217392917e+09);
INSERT INTO notes VALUES ('rules', '1/14.0.0');
DELETE FROM terms_data;
INSERT INTO terms_data VALUES (1, X'0C2B0C');
INSERT INTO terms_data VALUES (10, X'000000000101010001010101');
INSERT INTO terms_data VALUES (137438953473, X'0000017A0430616E6E050601010217060101020102030A060101020105626C61636B0E020202026F620606010102060601010209060101020606010102010363656D0706010102010601010206060101020E02030106010102010364656E27020302036F726126060101020104656C73651502030103666F720E02030104676F6F6405020202047574656E07020201056865617273150204010269730502061602040B020401020401066B6574746C6505020510020601026D650E020402056F7267656E07020304046E696E6705020301066E6F626F647915020201026F6E0502070104706C616E1B02030B020302037373741C02020102020105736C6565701B020601037468650502041002050602020B020201020202016F1B02050B020501047761726D270205030376657308020202036F726B26020601057961776E7306020201037A6F650702040103E4BBAC0C02030103E590A70C02070202969D0C02040103E688910C02020103E7BBBF0C02050103E88CB60C020604170A181C080A090809090A100E070A090B070C0B0A14090908080A080808070808');
DELETE FROM terms_idx;
INSERT INTO terms_idx VALUES (1, X'', 2);
DELETE FROM terms_docsize;
INSERT INTO terms_docsize VALUES (5, X'0601');
INSERT INTO terms_docsize VALUES (6, X'0101');
INSERT INTO terms_docsize VALUES (7, X'0301');
INSERT INTO terms_docsize VALUES (8, X'0101');
INSERT INTO terms_docsize VALUES (12, X'0601');
INSERT INTO terms_docsize VALUES (14, X'0301');
INSERT INTO terms_docsize VALUES (21, X'0501');
INSERT INTO terms_docsize VALUES (27, X'0501');
INSERT INTO terms_docsize VALUES (28, X'0201');
INSERT INTO terms_docsize VALUES (29, X'0201');
INSERT INTO terms_docsize VALUES (38, X'0501');
INSERT INTO terms_docsize VALUES (39, X'0401');
DELETE FROM terms_config;
INSERT INTO terms_config VALUES ('version', 4);
COMMIT;
