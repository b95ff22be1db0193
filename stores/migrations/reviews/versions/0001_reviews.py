"""Reviews, their rating summaries, and the list of words they are read for."""

from alembic import op

revision = "0001_reviews"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE reviews (
            review_id text COLLATE "C" NOT NULL,
            order_id text COLLATE "C" NOT NULL,
            line_no integer NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            author text NOT NULL,
            sku_id text COLLATE "C" NOT NULL,
            spu_id text COLLATE "C" NOT NULL,
            title text NOT NULL,
            options text NOT NULL,
            stars integer NOT NULL,
            state text NOT NULL,
            has_pictures boolean NOT NULL,
            useful integer NOT NULL,
            reports integer NOT NULL,
            reply text,
            replied_by text COLLATE "C",
            replied_at timestamptz,
            posted_at timestamptz NOT NULL,
            edited_at timestamptz,
            version integer NOT NULL,
            PRIMARY KEY (review_id),
            CONSTRAINT reviews_once_a_line UNIQUE (order_id, line_no),
            CONSTRAINT reviews_stars CHECK (stars BETWEEN 1 AND 5),
            CONSTRAINT reviews_state CHECK (state IN ('published', 'held', 'rejected', 'removed')),
            CONSTRAINT reviews_counters CHECK (useful >= 0 AND reports >= 0),
            CONSTRAINT reviews_reply CHECK (num_nonnulls(reply, replied_by, replied_at) IN (0, 3))
        );
        CREATE INDEX reviews_by_user ON reviews (user_id, review_id);
        CREATE INDEX reviews_newest ON reviews (spu_id, review_id) WHERE state = 'published';
        CREATE INDEX reviews_useful ON reviews (spu_id, useful, review_id) WHERE state = 'published';

        CREATE TABLE review_parts (
            review_id text COLLATE "C" NOT NULL REFERENCES reviews (review_id),
            part text NOT NULL,
            text text NOT NULL,
            shown text NOT NULL,
            pictures text[] NOT NULL,
            state text NOT NULL,
            held_for text,
            findings jsonb NOT NULL,
            words_version bigint NOT NULL,
            written_at timestamptz NOT NULL,
            decided_by text COLLATE "C",
            decided_at timestamptz,
            decided_why text,
            appeal text,
            PRIMARY KEY (review_id, part),
            CONSTRAINT review_parts_part CHECK (part IN ('main', 'follow_up')),
            CONSTRAINT review_parts_state CHECK (state IN ('published', 'held', 'rejected', 'removed')),
            CONSTRAINT review_parts_held CHECK ((state = 'held') = (held_for IS NOT NULL)),
            CONSTRAINT review_parts_held_for CHECK (held_for IN ('words', 'reports', 'appeal'))
        );
        CREATE INDEX review_parts_queue ON review_parts (held_for, review_id) WHERE state = 'held';

        CREATE TABLE review_changes (
            key text COLLATE "C" PRIMARY KEY,
            review_id text COLLATE "C" NOT NULL REFERENCES reviews (review_id),
            told jsonb NOT NULL,
            at timestamptz NOT NULL
        );
        CREATE TABLE review_votes (
            review_id text COLLATE "C" NOT NULL REFERENCES reviews (review_id),
            user_id text COLLATE "C" NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (review_id, user_id)
        );
        CREATE TABLE review_reports (
            review_id text COLLATE "C" NOT NULL REFERENCES reviews (review_id),
            user_id text COLLATE "C" NOT NULL,
            reason text NOT NULL,
            note text NOT NULL,
            open boolean NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (review_id, user_id),
            CONSTRAINT review_reports_reason CHECK (reason IN ('advertising', 'abuse', 'false', 'privacy', 'other'))
        );
        CREATE TABLE rating_summaries (
            spu_id text COLLATE "C" PRIMARY KEY,
            one integer NOT NULL,
            two integer NOT NULL,
            three integer NOT NULL,
            four integer NOT NULL,
            five integer NOT NULL,
            with_pictures integer NOT NULL,
            CONSTRAINT rating_summaries_counts CHECK (least(one, two, three, four, five, with_pictures) >= 0)
        ) WITH (fillfactor = 80);
        CREATE TABLE review_pictures (
            name text COLLATE "C" NOT NULL,
            user_id text COLLATE "C" NOT NULL,
            small_name text COLLATE "C" NOT NULL,
            width integer NOT NULL,
            height integer NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (name, user_id)
        );

        CREATE TABLE moderation_list (
            single boolean PRIMARY KEY,
            version bigint NOT NULL,
            CONSTRAINT moderation_list_one_row CHECK (single)
        );
        INSERT INTO moderation_list VALUES (true, 0);
        CREATE TABLE moderation_words (
            word_id text COLLATE "C" PRIMARY KEY,
            looks_for text NOT NULL,
            text text NOT NULL,
            verdict text NOT NULL,
            homophones boolean NOT NULL,
            note text NOT NULL,
            active boolean NOT NULL,
            version integer NOT NULL,
            changed_by text COLLATE "C" NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT moderation_words_once UNIQUE (looks_for),
            CONSTRAINT moderation_words_verdict CHECK (verdict IN ('pass', 'mask', 'hold', 'reject'))
        );
        CREATE TABLE moderation_word_versions (
            word_id text COLLATE "C" NOT NULL REFERENCES moderation_words (word_id),
            version integer NOT NULL,
            list_version bigint NOT NULL,
            terms jsonb NOT NULL,
            changed_by text COLLATE "C" NOT NULL,
            changed_at timestamptz NOT NULL,
            PRIMARY KEY (word_id, version)
        );
        CREATE INDEX moderation_word_versions_by_list ON moderation_word_versions (list_version);
        CREATE FUNCTION moderation_word_versions_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'versions of words are append-only: % refused; write a new version', TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_word_versions
            FOR EACH STATEMENT EXECUTE FUNCTION moderation_word_versions_are_append_only();
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE moderation_word_versions, moderation_words, moderation_list, review_pictures, rating_summaries,
            review_reports, review_votes, review_changes, review_parts, reviews;
        DROP FUNCTION moderation_word_versions_are_append_only();
        """
    )
