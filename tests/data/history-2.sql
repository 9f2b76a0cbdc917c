PRAGMA journal_mode = WAL;
PRAGMA application_id = 1417102184;
PRAGMA user_version = 2;
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
CREATE INDEX events_spoken ON events (room, id) WHERE (kind = 'acted' OR kind = 'said' OR kind = 'told');
CREATE INDEX events_unspoken ON events (room, id) WHERE NOT (kind = 'acted' OR kind = 'said' OR kind = 'told');
CREATE INDEX events_state ON events (id) WHERE (kind = 'created' OR kind = 'invited' OR kind = 'locked' OR kind = 'topic' OR kind = 'unlocked');
CREATE VIRTUAL TABLE terms USING fts5 (text, name, content = '', tokenize = 'ascii');
INSERT INTO events VALUES (1, 1.79587258778526020052e+09, 'joined', '#lobby', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (2, 1.7958725877925570011e+09, 'joined', '#lobby', 'Bob', '', '', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (3, 1.79587258779727721217e+09, 'joined', '#lobby', 'Dora', '', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (4, 1.79587258780116224292e+09, 'joined', '#lobby', 'Cem', '', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (5, 1.79587258780383396145e+09, 'said', '#lobby', 'Ann', 'Good morning! The kettle is on.', '', 'ca2f397af90a0e10', 'a1');
INSERT INTO events VALUES (6, 1.79587258780776405338e+09, 'acted', '#lobby', 'Bob', 'yawns', '', 'fbd41644a681eab2', 'b1');
INSERT INTO events VALUES (7, 1.79587258781107950208e+09, 'said', '#lobby', 'Cem', 'Guten Morgen, Zoë!', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (8, 1.79587258781323170662e+09, 'acted', '#lobby', 'Cem', 'waves', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (9, 1.79587258781574392318e+09, 'joined', '#tea', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (10, 1.79587258781918168064e+09, 'topic', '#tea', 'Ann', 'Green tea (绿茶)', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (11, 1.79587258782150673867e+09, 'joined', '#tea', 'Bob', '', '', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (12, 1.79587258782561397553e+09, 'said', '#tea', 'Bob', '我们喝绿茶吧', '', 'fbd41644a681eab2', 'b2');
INSERT INTO events VALUES (13, 1.79587258782912278175e+09, 'joined', '#tea', 'Cem', '', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (14, 1.79587258783283114436e+09, 'said', '#tea', 'Cem', 'black for me', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (15, 1.7958725878358285427e+09, 'created', '#den', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (16, 1.7958725878358285427e+09, 'locked', '#den', 'Ann', 'dfdf6261b03dc2a4:68a4feaaa4df732aea3c84d11585fc8e42e9d51755a49bec6e1fe89176ddb3ce3a212245ac1ff8474c10af88b28ff07097be0c32bc42c49289cbe62bff8539e5', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (17, 1.7958725878358285427e+09, 'joined', '#den', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (18, 1.79587258784098482131e+09, 'joined', '#den', 'Cem', '', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (19, 1.79587258784430432324e+09, 'invited', '#den', 'Ann', 'fbd41644a681eab2', 'Bob', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (20, 1.79587258784819865228e+09, 'joined', '#den', 'Bob', '', '', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (21, 1.79587258785091471676e+09, 'said', '#den', 'Bob', 'nobody else hears the kettle', '', 'fbd41644a681eab2', 'b3');
INSERT INTO events VALUES (22, 1.7958725878524258137e+09, 'joined', '#plan', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (23, 1.79587258785423326489e+09, 'created', '#plan', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (24, 1.79587258785423326489e+09, 'locked', '#plan', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (25, 1.79587258785611820219e+09, 'invited', '#plan', 'Ann', 'fbd41644a681eab2', 'Bob', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (26, 1.79587258785797810557e+09, 'joined', '#plan', 'Bob', '', '', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (27, 1.79587258785998678204e+09, 'said', '#plan', 'Bob', 'the plan is to sleep', '', 'fbd41644a681eab2', 'b4');
INSERT INTO events VALUES (28, 1.79587258786128640174e+09, 'told', '@6bd03c6122592932', 'Ann', 'psst, Cem', 'Cem', 'ca2f397af90a0e10', 'a2');
INSERT INTO events VALUES (29, 1.79587258786250758167e+09, 'told', '@ca2f397af90a0e10', 'Cem', 'psst, Ann', 'Ann', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (30, 1.7958725878637988567e+09, 'renamed', '#lobby', 'Bob', '', 'Robert', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (31, 1.79587258786523103716e+09, 'left', '#lobby', 'Robert', '', '', 'fbd41644a681eab2', NULL);
INSERT INTO events VALUES (32, 1.79587258786674118038e+09, 'unlocked', '#plan', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (33, 1.79587258786883783344e+09, 'left', '#plan', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (34, 1.79587258787047433848e+09, 'joined', '#plan', 'Dora', '', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (35, 1.79587258787275385859e+09, 'topic', '#plan', 'Dora', 'Work', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (36, 1.79587258787427401542e+09, 'created', '#plan', 'Dora', '', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (37, 1.79587258787427401542e+09, 'locked', '#plan', 'Dora', '', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (38, 1.7958725878760137558e+09, 'said', '#plan', 'Dora', 'the plan is to work', '', '1e0caed37c60e65e', 'd1');
INSERT INTO events VALUES (39, 1.79587258787886881825e+09, 'said', '#den', 'Ann', 'the den is warm', '', 'ca2f397af90a0e10', 'a3');
INSERT INTO events VALUES (40, 1.79587258879326200486e+09, 'left', '#lobby', 'Ann', '', '', 'ca2f397af90a0e10', NULL);
INSERT INTO events VALUES (41, 1.79587258879639339445e+09, 'said', '#den', 'Cem', 'the kettle is empty', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (42, 1.79587258879803538325e+09, 'topic', '#tea', 'Cem', 'No tea', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (43, 1.79587258879922842978e+09, 'said', '#tea', 'Cem', 'tea, anybody?', '', '6bd03c6122592932', NULL);
INSERT INTO events VALUES (44, 1.79587258880054759981e+09, 'said', '#lobby', 'Dora', 'good night', '', '1e0caed37c60e65e', 'd2');
INSERT INTO events VALUES (45, 1.79587258880276560784e+09, 'left', '#lobby', 'Dora', '', '', '1e0caed37c60e65e', NULL);
INSERT INTO events VALUES (46, 1.79587258880276560784e+09, 'left', '#lobby', 'Cem', '', '', '6bd03c6122592932', NULL);
INSERT INTO sessions VALUES ('1e0caed37c60e65e', 'bd34b24c2beedfc2d2156e435dd4e0e51d866814db06bfca514cc6bef46b4e00', 'Dora', '["#plan 1e0caed37c60e65e"]', '#plan', 1.79587258787526750565e+09);
INSERT INTO sessions VALUES ('ca2f397af90a0e10', '3d93489656f12dddd65a417591f6ff04fb18a2ae7ab178cb5cc5789ce828527d', 'Ann', '["#tea", "#den ca2f397af90a0e10"]', '#den', 1.79587258787835550308e+09);
INSERT INTO sessions VALUES ('fbd41644a681eab2', '76396e37fe5b590fe2f5d2cff9ca1c23d23f057bb3e7210eae7f62af088cfce9', 'Robert', '["#tea", "#den ca2f397af90a0e10", "#plan ca2f397af90a0e10"]', '#plan', 1.79587258786360549922e+09);
INSERT INTO notes VALUES ('epoch', '32ee7c4588e0f29e');
INSERT INTO notes VALUES ('indexed', 39);
INSERT INTO notes VALUES ('opened', 1.79587258776597189901e+09);
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
