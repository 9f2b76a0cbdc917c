PRAGMA journal_mode = WAL;
PRAGMA application_id = 1417102184;
PRAGMA user_version = 3;
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
    , data TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX events_key ON events (sid, key) WHERE key IS NOT NULL;
CREATE INDEX events_told ON events (sid, id) WHERE kind = 'told';
CREATE TABLE notes (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE INDEX events_spoken ON events (room, id) WHERE (kind = 'acted' OR kind = 'said' OR kind = 'told');
CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        topic TEXT NOT NULL,
        owner TEXT NOT NULL,
        eras TEXT NOT NULL,
        invited TEXT NOT NULL,
        expelled TEXT NOT NULL,
        emptyAt REAL NOT NULL
    );
CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        tokenHash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        rooms TEXT NOT NULL,
        current INTEGER NOT NULL,
        seen REAL NOT NULL,
        rights TEXT NOT NULL DEFAULT '{}',
        began INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
CREATE INDEX events_presence ON events (room, id) WHERE (kind = 'joined' OR kind = 'left' OR kind = 'renamed');
CREATE INDEX events_state ON events (room, id) WHERE (kind = 'closed' OR kind = 'created' OR kind = 'invited' OR kind = 'locked' OR kind = 'topic' OR kind = 'unlocked');
CREATE VIRTUAL TABLE terms USING fts5 (text, name, content = '', tokenize = 'ascii');
INSERT INTO events VALUES (1, 1.79588573467868328099e+09, 'joined', '#lobby', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (2, 1.79588573468409538275e+09, 'joined', '#lobby', 'Bob', '', '', '97551f877c675574', NULL, '');
INSERT INTO events VALUES (3, 1.79588573468795537945e+09, 'joined', '#lobby', 'Dora', '', '', 'c65172ed8dfe0bcd', NULL, '');
INSERT INTO events VALUES (4, 1.79588573469145703319e+09, 'joined', '#lobby', 'Cem', '', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (5, 1.79588573469414782522e+09, 'said', '#lobby', 'Ann', 'Good morning! The kettle is on.', '', '7b4cdaf0ebdf6b36', 'a1', '');
INSERT INTO events VALUES (6, 1.79588573469600725168e+09, 'acted', '#lobby', 'Bob', 'yawns', '', '97551f877c675574', 'b1', '');
INSERT INTO events VALUES (7, 1.79588573469766402245e+09, 'said', '#lobby', 'Cem', 'Guten Morgen, Zoë!', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (8, 1.79588573469896364215e+09, 'acted', '#lobby', 'Cem', 'waves', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (9, 1795885734.70066, 'created', '#tea', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (10, 1.79588573470196056361e+09, 'joined', '#tea', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '9');
INSERT INTO events VALUES (11, 1.79588573470444846152e+09, 'topic', '#tea', 'Ann', 'Green tea (绿茶)', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (12, 1.79588573470641040801e+09, 'joined', '#tea', 'Bob', '', '', '97551f877c675574', NULL, '9');
INSERT INTO events VALUES (13, 1.79588573471181082727e+09, 'said', '#tea', 'Bob', '我们喝绿茶吧', '', '97551f877c675574', 'b2', '');
INSERT INTO events VALUES (14, 1.79588573471384286878e+09, 'joined', '#tea', 'Cem', '', '', '5798fedc2eeecb2c', NULL, '9');
INSERT INTO events VALUES (15, 1.7958857347158105373e+09, 'said', '#tea', 'Cem', 'black for me', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (16, 1.79588573471751451488e+09, 'created', '#den', 'Ann', 'private', '', '7b4cdaf0ebdf6b36', NULL, 'ea22e02a1a7ec6f9:eca0c76236e9a69d7581b735d5a1303f6fb3b39d7281790179c5a137ddcc180e01835070773dcfe6f998bdcbcc93cba9f525969e9a0bedd4951bf64aeca27fed');
INSERT INTO events VALUES (17, 1.79588573471889877313e+09, 'joined', '#den', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '16');
INSERT INTO events VALUES (18, 1.79588573472169208528e+09, 'joined', '#den', 'Cem', '', '', '5798fedc2eeecb2c', NULL, '16');
INSERT INTO events VALUES (19, 1.79588573472434020038e+09, 'invited', '#den', 'Ann', '', 'Bob', '7b4cdaf0ebdf6b36', NULL, '97551f877c675574 16');
INSERT INTO events VALUES (20, 1.79588573472609329224e+09, 'joined', '#den', 'Bob', '', '', '97551f877c675574', NULL, '16');
INSERT INTO events VALUES (21, 1.79588573472834491734e+09, 'said', '#den', 'Bob', 'nobody else hears the kettle', '', '97551f877c675574', 'b3', '');
INSERT INTO events VALUES (22, 1.7958857347299730778e+09, 'created', '#plan', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (23, 1.7958857347311434746e+09, 'joined', '#plan', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '22');
INSERT INTO events VALUES (24, 1.79588573473324131964e+09, 'locked', '#plan', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (25, 1.79588573473507165908e+09, 'invited', '#plan', 'Ann', '', 'Bob', '7b4cdaf0ebdf6b36', NULL, '97551f877c675574 24');
INSERT INTO events VALUES (26, 1.79588573473687505722e+09, 'joined', '#plan', 'Bob', '', '', '97551f877c675574', NULL, '24');
INSERT INTO events VALUES (27, 1.79588573473916888242e+09, 'said', '#plan', 'Bob', 'the plan is to sleep', '', '97551f877c675574', 'b4', '');
INSERT INTO events VALUES (28, 1.79588573474069237707e+09, 'told', '@5798fedc2eeecb2c', 'Ann', 'psst, Cem', 'Cem', '7b4cdaf0ebdf6b36', 'a2', '');
INSERT INTO events VALUES (29, 1.79588573474241495128e+09, 'told', '@7b4cdaf0ebdf6b36', 'Cem', 'psst, Ann', 'Ann', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (30, 1.79588573474391746524e+09, 'renamed', '#lobby', 'Bob', '', 'Robert', '97551f877c675574', NULL, '');
INSERT INTO events VALUES (31, 1.7958857347468976974e+09, 'left', '#plan', 'Robert', 'Bedtime!', 'Ann', '97551f877c675574', NULL, '7b4cdaf0ebdf6b36');
INSERT INTO events VALUES (32, 1795885734.7494, 'left', '#lobby', 'Robert', '', '', '97551f877c675574', NULL, 'held');
INSERT INTO events VALUES (33, 1.79588573475175428389e+09, 'unlocked', '#plan', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (34, 1.79588573475389933582e+09, 'left', '#plan', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, '');
INSERT INTO events VALUES (35, 1.79588573475617861753e+09, 'created', '#work', 'Dora', '', '', 'c65172ed8dfe0bcd', NULL, '');
INSERT INTO events VALUES (36, 1.79588573475750946993e+09, 'joined', '#work', 'Dora', '', '', 'c65172ed8dfe0bcd', NULL, '35');
INSERT INTO events VALUES (37, 1.79588573475932478909e+09, 'topic', '#work', 'Dora', 'Work', '', 'c65172ed8dfe0bcd', NULL, '');
INSERT INTO events VALUES (38, 1.79588573476074671742e+09, 'locked', '#work', 'Dora', '', '', 'c65172ed8dfe0bcd', NULL, '');
INSERT INTO events VALUES (39, 1.79588573476205205919e+09, 'said', '#work', 'Dora', 'the plan is to work', '', 'c65172ed8dfe0bcd', 'd1', '');
INSERT INTO events VALUES (40, 1.79588573476366925238e+09, 'said', '#den', 'Ann', 'the den is warm', '', '7b4cdaf0ebdf6b36', 'a3', '');
INSERT INTO events VALUES (41, 1.79588573567823529247e+09, 'left', '#lobby', 'Ann', '', '', '7b4cdaf0ebdf6b36', NULL, 'held');
INSERT INTO events VALUES (42, 1.79588573568176484108e+09, 'said', '#den', 'Cem', 'the kettle is empty', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (43, 1.79588573568384528159e+09, 'topic', '#tea', 'Cem', 'No tea', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (44, 1.79588573568537735944e+09, 'said', '#tea', 'Cem', 'tea, anybody?', '', '5798fedc2eeecb2c', NULL, '');
INSERT INTO events VALUES (45, 1.79588573568704462047e+09, 'said', '#lobby', 'Dora', 'good night', '', 'c65172ed8dfe0bcd', 'd2', '');
INSERT INTO notes VALUES ('epoch', '75c72c72d4bd56dd');
INSERT INTO notes VALUES ('indexed', 40);
INSERT INTO notes VALUES ('indexedFrom', 0);
INSERT INTO notes VALUES ('opened', 1.79588573466006016727e+09);
INSERT INTO notes VALUES ('rooms', 43);
INSERT INTO notes VALUES ('rules', '2/14.0.0');
INSERT INTO rooms VALUES (0, '#lobby', '', '', '[[0, null]]', '[]', '[]', 0.0);
INSERT INTO rooms VALUES (9, '#tea', 'No tea', '7b4cdaf0ebdf6b36', '[[9, null]]', '[]', '[]', 0.0);
INSERT INTO rooms VALUES (16, '#den', '', '7b4cdaf0ebdf6b36', '[[16, "ea22e02a1a7ec6f9:eca0c76236e9a69d7581b735d5a1303f6fb3b39d7281790179c5a137ddcc180e01835070773dcfe6f998bdcbcc93cba9f525969e9a0bedd4951bf64aeca27fed"]]', '["97551f877c675574"]', '[]', 0.0);
INSERT INTO rooms VALUES (22, '#plan', '', '7b4cdaf0ebdf6b36', '[[22, null], [24, ""], [33, null]]', '[]', '[]', 1.79588573475523447997e+09);
INSERT INTO rooms VALUES (35, '#work', 'Work', 'c65172ed8dfe0bcd', '[[35, null], [38, ""]]', '[]', '[]', 0.0);
INSERT INTO sessions VALUES ('7b4cdaf0ebdf6b36', '375a523d16e5e826de056fe5349bff647f486d98ee725be20be6e3f2c6af478d', 'Ann', '[9, 16]', 16, 1795885734.76326, '{"16": 0, "24": 0}', 1);
INSERT INTO sessions VALUES ('97551f877c675574', '03acd456a7e87fe7734b0c01c8b11840c1f8350f8738b6562d494c2a65bd9c39', 'Robert', '[9, 16]', 0, 1.79588573474819064145e+09, '{"16": 0, "24": 31}', 2);
INSERT INTO sessions VALUES ('c65172ed8dfe0bcd', 'd7a0de55b3fd93adbf36e2898f4cb92f33924dbc494e384b5101f74aec1c10b1', 'Dora', '[35]', 35, 1.79588573476151061062e+09, '{"38": 0}', 3);
DELETE FROM terms_data;
INSERT INTO terms_data VALUES (1, X'0C2B0C');
INSERT INTO terms_data VALUES (10, X'000000000101010001010101');
INSERT INTO terms_data VALUES (137438953473, X'0000017A0430616E6E050601010217060101020102030B060101020105626C61636B0F020202026F620606010102070601010208060101020606010102010363656D0706010102010601010207060101020D02030106010102010364656E28020302036F726127060101020104656C73651502030103666F720F02030104676F6F6405020202047574656E07020201056865617273150204010269730502061602040C020401020401066B6574746C6505020510020601026D650F020402056F7267656E07020304046E696E6705020301066E6F626F647915020201026F6E0502070104706C616E1B02030C020302037373741C02020102020105736C6565701B020601037468650502041002050602020C020201020202016F1B02050C020501047761726D280205030376657308020202036F726B27020601057961776E7306020201037A6F650702040103E4BBAC0D02030103E590A70D02070202969D0D02040103E688910D02020103E7BBBF0D02050103E88CB60D020604170A181C080A090809090A100E070A090B070C0B0A14090908080A080808070808');
DELETE FROM terms_idx;
INSERT INTO terms_idx VALUES (1, X'', 2);
DELETE FROM terms_docsize;
INSERT INTO terms_docsize VALUES (5, X'0601');
INSERT INTO terms_docsize VALUES (6, X'0101');
INSERT INTO terms_docsize VALUES (7, X'0301');
INSERT INTO terms_docsize VALUES (8, X'0101');
INSERT INTO terms_docsize VALUES (13, X'0601');
INSERT INTO terms_docsize VALUES (15, X'0301');
INSERT INTO terms_docsize VALUES (21, X'0501');
INSERT INTO terms_docsize VALUES (27, X'0501');
INSERT INTO terms_docsize VALUES (28, X'0201');
INSERT INTO terms_docsize VALUES (29, X'0201');
INSERT INTO terms_docsize VALUES (39, X'0501');
INSERT INTO terms_docsize VALUES (40, X'0401');
DELETE FROM terms_config;
INSERT INTO terms_config VALUES ('version', 4);
COMMIT;
